import Platform

// Where connections come in.
extension MQTTListener {
  /// Listens at the configured addresses.
  /// - Parameter activated: sockets at configured addresses are taken out of it instead of being made.
  func listen(_ activated: inout ActivatedSockets, _ context: inout LoopContext) throws(IngressError) {
    for text in configuration.listen {
      guard let address = ListenAddress(text) else { throw .badAddress(text, setting: "mqtt.listen") }
      do throws(SystemError) {
        let listener = if let socket = activated.take(address) { Listener(socket) } else { try open(address) }
        try add(listener, &context)
      } catch {
        throw .cannotListen(text, setting: "mqtt.listen", error)
      }
    }
  }

  /// Listens where the first thread does, too: the kernel spreads connections over all that do.
  func listen(sharing addresses: [SocketAddress], _ context: inout LoopContext) throws(IngressError) {
    for address in addresses {
      do throws(SystemError) {
        try add(Listener(try ListeningSocket(address, sharesPort: true)), &context)
      } catch {
        throw .cannotListen("\(address)", setting: "mqtt.listen", error)
      }
    }
  }

  private func open(_ address: ListenAddress) throws(SystemError) -> Listener {
    guard common.threads > 1, case .network(let network) = address else {
      return Listener(try ListeningSocket(address))
    }
    if network.port != 0 { try ListeningSocket.checkIsFree(network) }
    return Listener(try ListeningSocket(network, sharesPort: true), isShared: true)
  }

  private func add(_ listener: Listener, _ context: inout LoopContext) throws(SystemError) {
    let token = EventToken.mqttListener(listeners.count).raw
    try context.poller.add(listener.socket.descriptor, .readable, token: token)
    listeners.append(listener)
  }

  var addresses: [String] { listeners.map { "\($0.socket.address)" } }

  /// Those at which the other threads may listen, too. There is one socket to a path, and one that systemd has made is one.
  var sharedAddresses: [SocketAddress] {
    listeners.compactMap { listener in
      guard listener.isShared, case .network(let address) = listener.socket.address else { return nil }
      return address
    }
  }
}
