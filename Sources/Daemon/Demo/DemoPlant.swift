import Platform
import Records

/// The demonstration's connections: plays the script to the daemon's own listeners. One owner, one thread.
struct DemoPlant: ~Copyable {
  private let mqtt: String?
  private let udp: String?
  private var script: DemoScript
  private var connections: [String: Connection] = [:]
  private var hasComplained = false

  private final class Connection {
    var client: DemoClient

    init(_ client: consuming DemoClient) {
      self.client = client
    }
  }

  /// - Parameters:
  ///   - mqtt: the MQTT listener; nil: none, and no MQTT device.
  ///   - udp: the UDP listener; nil: none, and no weather station.
  init(mqtt: String?, udp: String?, seed: UInt64) {
    self.mqtt = mqtt
    self.udp = udp
    script = DemoScript(seed: seed)
  }

  /// One second of the plant.
  mutating func step(second: Int, at time: Timestamp) {
    let scene = script.next(second: second, at: time)
    do throws(SystemError) {
      if let mqtt {
        for (clientID, messages) in scene.messages { try publish(messages, as: clientID, to: mqtt) }
      }
      if let udp {
        for datagram in scene.datagrams { try send(datagram, to: udp) }
      }
      hasComplained = false
    } catch {
      // The daemon may be stopping, or refuse for a while: once is enough to say it.
      if !hasComplained { Journal.warning("demonstration: \(error); it goes on trying") }
      hasComplained = true
    }
  }

  private mutating func publish(
    _ messages: [DemoMessage], as clientID: String, to address: String
  ) throws(SystemError) {
    do throws(SystemError) {
      if connections[clientID] == nil {
        connections[clientID] = Connection(try DemoClient.connect(to: address, clientID: clientID))
      }
      let connection = connections[clientID]!
      try connection.client.drain()
      for message in messages { try connection.client.publish(message) }
    } catch {
      connections[clientID] = nil
      throw error
    }
  }

  private func send(_ datagram: [UInt8], to address: String) throws(SystemError) {
    let socket = try OutgoingSocket.datagram(to: address)
    _ = socket.send(datagram.span.bytes)
  }
}
