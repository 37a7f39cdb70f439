package import Platform
import Synchronization
package import Wire

/// The console: HTTP on a Unix socket and on TCP, for `forebay status`, scripts and monitoring.
///
/// What is answered is given by `answer`, which is called on the console's thread and must not wait for others.
package final class Console: Sendable {
  /// The TCP address it listens at, as bound; nil: only the Unix socket.
  package let listenAddress: String?

  /// - Parameter isLocal: whether it came over the Unix socket: from somebody who may do more than look.
  package typealias Answer = @Sendable (_ request: HTTPRequest, _ isLocal: Bool) -> HTTPResponse
  private let socketPath: String
  private let wakeUp: WakeUp
  private let isStopping = Atomic(false)
  private let thread = Mutex<NamedThread?>(nil)

  /// Listening when it returns.
  package static func start(
    _ configuration: ConsoleConfiguration, time: any TimeSource = SystemTime(),
    answer: @escaping Answer
  ) throws(ConsoleError) -> Console {
    var listeners = [ConsoleLoop.Listener(local: try listenLocally(configuration.socket))]
    var address: String?
    if let tcp = try listenPublicly(configuration) {
      address = "\(tcp.address)"
      listeners.append(ConsoleLoop.Listener(tcp: tcp))
    }
    do {
      let console = Console(configuration.socket, listenAddress: address, wakeUp: try WakeUp())
      console.run(listeners, time, answer)
      return console
    } catch {
      throw .machine(error)
    }
  }

  private init(_ socketPath: String, listenAddress: String?, wakeUp: WakeUp) {
    self.socketPath = socketPath
    self.listenAddress = listenAddress
    self.wakeUp = wakeUp
  }

  /// Closes the connections, ends the thread and removes the Unix socket. Does nothing the second time.
  package func stop() {
    isStopping.store(true, ordering: .sequentiallyConsistent)
    wakeUp.signal()
    guard let running = thread.withLock({ $0.take() }) else { return }
    running.join()
    // Left behind, after kill -9 say, it is replaced by the next start.
    try? LocalDisk().remove(socketPath)
  }

  private func run(
    _ listeners: [ConsoleLoop.Listener], _ time: any TimeSource,
    _ answer: @escaping Answer
  ) {
    let wakeUp = wakeUp
    let isStopping: @Sendable () -> Bool = { [self] in self.isStopping.load(ordering: .acquiring) }
    let serve: @Sendable () -> Void = {
      do {
        var loop = try ConsoleLoop(listeners, wakeUp: wakeUp, time: time, isStopping: isStopping, answer: answer)
        try loop.run()
      } catch {
        Journal.error("the console has stopped: \(error); the rest goes on")
      }
    }
    thread.withLock { $0 = NamedThread.start("console", serve) }
  }

  private static func listenLocally(_ path: String) throws(ConsoleError) -> FileDescriptor {
    guard path.utf8.count <= LocalSocket.maximumPathBytes else { throw .pathTooLong(path) }
    do {
      return try LocalSocket.listen(path)
    } catch {
      throw .cannotListen(setting: "console.socket", address: path, error)
    }
  }

  /// Nil where TCP is turned off, or nobody asked for the address and it is taken.
  private static func listenPublicly(
    _ configuration: ConsoleConfiguration
  ) throws(ConsoleError) -> ListeningSocket? {
    guard let text = configuration.listen else { return nil }
    guard let address = SocketAddress(text) else { throw .badAddress(text) }
    do {
      return try ListeningSocket(address, backlog: ConsoleLoop.maximumConnections)
    } catch {
      let refusal = ConsoleError.cannotListen(setting: "console.listen", address: text, error)
      if configuration.isListenRequired { throw refusal }
      Journal.warning("\(refusal); going on with \(configuration.socket) alone")
      return nil
    }
  }
}
