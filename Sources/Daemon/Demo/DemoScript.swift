package import Records

/// Who is in the demonstration plant and what they send when. Pure: the same seed and the same times give the same
/// bytes.
package struct DemoScript {
  private var random: DemoRandom
  private var devices: [any DemoDevice]
  private var station: TempestStation

  /// What happens in one second.
  package struct Scene {
    /// By MQTT client id; a device that has nothing to send is missing.
    package var messages: [(clientID: String, messages: [DemoMessage])] = []
    package var datagrams: [[UInt8]] = []
  }

  package init(seed: UInt64) {
    random = DemoRandom(seed: seed)
    station = TempestStation(&random)
    devices = [
      TasmotaDevice(mac: "4A1B2C", celsius: 21, &random),
      TasmotaDevice(mac: "7D03E9", celsius: 24, &random),
      ShellyDevice(mac: "a8032ab12345", watts: 640, &random),
      ShellyDevice(mac: "a8032ab1c0de", watts: 42, &random),
      ZigbeeBridge(&random),
    ]
  }

  /// What is sent at `time`, `second` seconds after the start. Called once a second.
  package mutating func next(second: Int, at time: Timestamp) -> Scene {
    var scene = Scene()
    for index in devices.indices {
      let messages = devices[index].messages(second: second, at: time, &random)
      if !messages.isEmpty { scene.messages.append((devices[index].clientID, messages)) }
    }
    scene.datagrams = station.datagrams(second: second, at: time, &random)
    return scene
  }
}
