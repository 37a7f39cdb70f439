import Records

/// One thing in the demonstration plant, with the topics and payloads of a real device family. Pure: the caller brings
/// the time and the connection.
protocol DemoDevice {
  /// The MQTT client id the family connects with.
  var clientID: String { get }

  /// What it sends at `time`, `second` seconds after its start. Called once a second.
  mutating func messages(second: Int, at time: Timestamp, _ random: inout DemoRandom) -> [DemoMessage]
}

package struct DemoMessage: Hashable, Sendable {
  package let topic: String
  package let payload: [UInt8]
  package var qos: UInt8 = 1
  package var retain = false

  init(_ topic: String, _ payload: JSONValue, qos: UInt8 = 1) {
    self.topic = topic
    self.payload = payload.bytes
    self.qos = qos
  }

  init(_ topic: String, text: String, retain: Bool) {
    self.topic = topic
    payload = Array(text.utf8)
    self.retain = retain
  }
}

/// A socket that switches and measures (Shelly Plus 1PM; Gen2 device API, "Mqtt" and "Switch" components).
struct ShellyDevice: DemoDevice {
  let clientID: String
  private var power: DemoValue
  private var voltage: DemoValue
  private var temperature: DemoValue
  private var energyMilliwattHours = 1_284_113

  init(mac: String, watts: Double, _ random: inout DemoRandom) {
    clientID = "shellyplus1pm-\(mac)"
    power = DemoValue(mean: watts, spread: watts * 0.15, &random)
    voltage = DemoValue(mean: 230, spread: 4, &random)
    temperature = DemoValue(mean: 48, spread: 6, &random)
  }

  mutating func messages(second: Int, at time: Timestamp, _ random: inout DemoRandom) -> [DemoMessage] {
    power.step(&random)
    voltage.step(&random)
    temperature.step(&random)
    energyMilliwattHours += Int(power.value / 3.6)
    if second == 0 { return [DemoMessage("\(clientID)/online", text: "true", retain: true), status(time)] }
    if second % 15 == 0 { return [status(time)] }
    return second % 4 == 0 ? [notification(time)] : []
  }

  private func status(_ time: Timestamp) -> DemoMessage {
    let perMinute = JSONValue.decimal(power.value * 1000 / 60, 3)
    return DemoMessage(
      "\(clientID)/status/switch:0",
      [
        "id": .integer(0), "source": "MQTT", "output": true, "apower": .decimal(power.value, 1),
        "voltage": .decimal(voltage.value, 1), "freq": .decimal(50, 1),
        "current": .decimal(power.value / voltage.value, 3),
        "aenergy": [
          "total": .decimal(Double(energyMilliwattHours) / 1000, 3),
          "by_minute": .array([perMinute, perMinute, perMinute]),
          "minute_ts": .integer(time.milliseconds / 60_000 * 60),
        ],
        "temperature": [
          "tC": .decimal(temperature.value, 1), "tF": .decimal(temperature.value * 1.8 + 32, 1),
        ],
      ])
  }

  private func notification(_ time: Timestamp) -> DemoMessage {
    DemoMessage(
      "\(clientID)/events/rpc",
      [
        "src": .string(clientID), "dst": .string("\(clientID)/events"), "method": "NotifyStatus",
        "params": [
          "ts": .decimal(Double(time.milliseconds) / 1000, 2),
          "switch:0": [
            "id": .integer(0), "apower": .decimal(power.value, 1),
            "current": .decimal(power.value / voltage.value, 3), "voltage": .decimal(voltage.value, 1),
          ],
        ],
      ])
  }
}
