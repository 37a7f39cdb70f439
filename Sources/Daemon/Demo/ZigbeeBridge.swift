import Records

/// Zigbee2MQTT: one connection for all the radio devices behind it, topics by their friendly names
/// (Zigbee2MQTT documentation, "MQTT topics and messages").
struct ZigbeeBridge: DemoDevice {
  let clientID = "mqttjs_5a1f3c7e"
  private var climate: [Climate]
  private var doorIsShut = true
  private var linkQuality: DemoValue

  private struct Climate {
    let name: String
    var temperature: DemoValue
    var humidity: DemoValue
    let battery: Int64
  }

  init(_ random: inout DemoRandom) {
    let rooms = [("boiler room", 27.0, 81), ("cold store", 4.0, 64), ("office", 21.0, 100)]
    climate = []
    for (name, celsius, battery) in rooms {
      climate.append(
        Climate(
          name: name, temperature: DemoValue(mean: celsius, spread: 1.5, &random),
          humidity: DemoValue(mean: 50, spread: 8, &random), battery: Int64(battery)))
    }
    linkQuality = DemoValue(mean: 120, spread: 40, &random)
  }

  mutating func messages(second: Int, at time: Timestamp, _ random: inout DemoRandom) -> [DemoMessage] {
    linkQuality.step(&random)
    var messages: [DemoMessage] = []
    if second == 0 {
      messages.append(DemoMessage("zigbee2mqtt/bridge/state", text: "{\"state\":\"online\"}", retain: true))
    }
    for index in climate.indices {
      climate[index].temperature.step(&random)
      climate[index].humidity.step(&random)
      if (second + index) % 5 == 0 { messages.append(report(climate[index])) }
    }
    if second % 20 == 7 {
      doorIsShut.toggle()
      messages.append(
        DemoMessage(
          "zigbee2mqtt/warehouse door",
          [
            "battery": .integer(100), "contact": .bool(doorIsShut), "linkquality": .integer(Int64(linkQuality.value)),
            "voltage": .integer(3015),
          ]))
    }
    return messages
  }

  private func report(_ sensor: Climate) -> DemoMessage {
    DemoMessage(
      "zigbee2mqtt/\(sensor.name)",
      [
        "battery": .integer(sensor.battery), "humidity": .decimal(sensor.humidity.value, 2),
        "linkquality": .integer(Int64(linkQuality.value)), "temperature": .decimal(sensor.temperature.value, 2),
        "voltage": .integer(2985),
      ])
  }
}
