import Records

/// A radio sensor behind Zigbee2MQTT, its topic the friendly name.
struct ZigbeeSensor: CorpusDevice {
  let topic: [UInt8]
  private let battery: Int
  private let voltage: Int
  private var temperature: RandomWalk
  private var humidity: RandomWalk
  private var linkQuality: RandomWalk

  init(_ number: Int, _ random: inout SeededRandom) {
    topic = Array("zigbee2mqtt/hall \(number / 5 + 1) sensor \(number % 5 + 1)".utf8)
    battery = Int.random(in: 40...100, using: &random)
    voltage = 2700 + battery * 3
    temperature = RandomWalk(4...30, step: 0.12, &random)
    humidity = RandomWalk(30...80, step: 0.4, &random)
    linkQuality = RandomWalk(20...220, step: 15, &random)
  }

  mutating func report(at time: Timestamp, into line: inout JSONLine, _ random: inout SeededRandom) {
    line.add("{\"battery\":")
    line.add(battery)
    line.add(",\"humidity\":")
    line.add(humidity.next(&random), 2)
    line.add(",\"linkquality\":")
    line.add(Int(linkQuality.next(&random)))
    line.add(",\"temperature\":")
    line.add(temperature.next(&random), 2)
    line.add(",\"voltage\":")
    line.add(voltage)
    line.add("}")
  }
}
