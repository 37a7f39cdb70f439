import Records

/// A climate sensor on an ESP8266 with Tasmota: telemetry at QoS 0, in the device's own time without a zone
/// (Tasmota documentation, "MQTT" and "Sensor").
struct TasmotaDevice: DemoDevice {
  let clientID: String
  private let topic: String
  private var temperature: DemoValue
  private var humidity: DemoValue
  private var pressure: DemoValue
  private var signal: DemoValue

  init(mac: String, celsius: Double, _ random: inout DemoRandom) {
    clientID = "DVES_\(mac)"
    topic = "tele/tasmota_\(mac)"
    temperature = DemoValue(mean: celsius, spread: 2.5, &random)
    humidity = DemoValue(mean: 46, spread: 9, &random)
    pressure = DemoValue(mean: 1013, spread: 6, &random)
    signal = DemoValue(mean: -64, spread: 8, &random)
  }

  mutating func messages(second: Int, at time: Timestamp, _ random: inout DemoRandom) -> [DemoMessage] {
    temperature.step(&random)
    humidity.step(&random)
    pressure.step(&random)
    signal.step(&random)
    // Tasmota's default is every 300 s; here somebody is watching.
    switch second {
    case 0: return [DemoMessage("\(topic)/LWT", text: "Online", retain: true), state(second, time), sensor(time)]
    case _ where second % 60 == 0: return [state(second, time), sensor(time)]
    case _ where second % 10 == 0: return [sensor(time)]
    default: return []
    }
  }

  private func sensor(_ time: Timestamp) -> DemoMessage {
    // Magnus' rule of thumb.
    let dewPoint = temperature.value - (100 - humidity.value) / 5
    return DemoMessage(
      "\(topic)/SENSOR",
      [
        "Time": .string(Self.localTime(time)),
        "BME280": [
          "Temperature": .decimal(temperature.value, 1), "Humidity": .decimal(humidity.value, 1),
          "DewPoint": .decimal(dewPoint, 1), "Pressure": .decimal(pressure.value, 1),
        ],
        "PressureUnit": "hPa", "TempUnit": "C",
      ], qos: 0)
  }

  private func state(_ second: Int, _ time: Timestamp) -> DemoMessage {
    DemoMessage(
      "\(topic)/STATE",
      [
        "Time": .string(Self.localTime(time)), "Uptime": .string(Self.uptime(second)),
        "UptimeSec": .integer(Int64(second)),
        "Heap": .integer(25), "SleepMode": "Dynamic", "Sleep": .integer(50), "LoadAvg": .integer(19),
        "MqttCount": .integer(1),
        "Wifi": [
          "AP": .integer(1), "SSId": "plant", "BSSId": "5E:CF:7F:12:34:56", "Channel": .integer(6), "Mode": "11n",
          "RSSI": .integer(Int64(2 * (signal.value + 100))), "Signal": .integer(Int64(signal.value)),
          "LinkCount": .integer(1), "Downtime": "0T00:00:03",
        ],
      ], qos: 0)
  }

  private static func localTime(_ time: Timestamp) -> String { String(time.rfc3339.prefix(19)) }

  /// `0T01:02:03`: days, then the time.
  private static func uptime(_ second: Int) -> String {
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return "\(second / 86_400)T\(two(second / 3600 % 24)):\(two(second / 60 % 60)):\(two(second % 60))"
  }
}
