import Platform
import Records

/// All the devices of the demonstration and their connections. One owner, one thread.
struct DemoPlant: ~Copyable {
  private let mqtt: String?
  private let udp: String?
  private var random: DemoRandom
  private var devices: [Connected] = []
  private var station: TempestStation
  private var hasComplained = false

  private final class Connected {
    var device: any DemoDevice
    var client: DemoClient?

    init(_ device: any DemoDevice) {
      self.device = device
    }

    func send(_ messages: [DemoMessage], to address: String) throws(SystemError) {
      if client == nil { client = try DemoClient.connect(to: address, clientID: device.clientID) }
      do {
        try client!.drain()
        for message in messages { try client!.publish(message) }
      } catch {
        client = nil
        throw error
      }
    }
  }

  /// - Parameters:
  ///   - mqtt: the MQTT listener; nil: none, and no MQTT device.
  ///   - udp: the UDP listener; nil: none, and no weather station.
  init(mqtt: String?, udp: String?, seed: UInt64) {
    self.mqtt = mqtt
    self.udp = udp
    random = DemoRandom(seed: seed)
    station = TempestStation(&random)
    devices = [
      Connected(TasmotaDevice(mac: "4A1B2C", celsius: 21, &random)),
      Connected(TasmotaDevice(mac: "7D03E9", celsius: 24, &random)),
      Connected(ShellyDevice(mac: "a8032ab12345", watts: 640, &random)),
      Connected(ShellyDevice(mac: "a8032ab1c0de", watts: 42, &random)),
      Connected(ZigbeeBridge(&random)),
    ]
  }

  /// One second of the plant.
  mutating func step(second: Int, at time: Timestamp) {
    do throws(SystemError) {
      if let mqtt {
        for connected in devices {
          let messages = connected.device.messages(second: second, at: time, &random)
          if !messages.isEmpty { try connected.send(messages, to: mqtt) }
        }
      }
      if let udp {
        for datagram in station.datagrams(second: second, at: time, &random) { try send(datagram, to: udp) }
      }
      hasComplained = false
    } catch {
      // The daemon may be stopping, or refuse for a while: once is enough to say it.
      if !hasComplained { Journal.warning("demonstration: \(error); it goes on trying") }
      hasComplained = true
    }
  }

  private func send(_ datagram: [UInt8], to address: String) throws(SystemError) {
    let socket = try OutgoingSocket.datagram(to: address)
    _ = socket.send(datagram.span.bytes)
  }
}
