import Records

/// A socket that switches and measures: Shelly Plus 1PM, `…/status/switch:0`.
struct ShellySwitch: CorpusDevice {
  let topic: [UInt8]
  private var power: RandomWalk
  private var voltage: RandomWalk
  private var temperature: RandomWalk
  private var energy: Double
  private var minutes: [Double] = [0, 0, 0]

  init(_ number: Int, _ random: inout SeededRandom) {
    topic = Array("shellyplus1pm-\(String(0xA8_032A_BE54_0000 + number * 7919, radix: 16))/status/switch:0".utf8)
    power = RandomWalk(3...2200, step: 6, &random)
    voltage = RandomWalk(224...238, step: 0.4, &random)
    temperature = RandomWalk(35...61, step: 0.1, &random)
    energy = Double.random(in: 1000...900_000, using: &random)
  }

  mutating func report(at time: Timestamp, into line: inout JSONLine, _ random: inout SeededRandom) {
    let watts = power.next(&random)
    let volts = voltage.next(&random)
    let celsius = temperature.next(&random)
    energy += watts * 10 / 3600
    minutes = [watts * 1000 / 60, minutes[0], minutes[1]]
    line.add("{\"id\":0,\"source\":\"MQTT\",\"output\":true,\"apower\":")
    line.add(watts, 1)
    line.add(",\"voltage\":")
    line.add(volts, 1)
    line.add(",\"freq\":50.0,\"current\":")
    line.add(watts / volts, 3)
    line.add(",\"aenergy\":{\"total\":")
    line.add(energy, 3)
    line.add(",\"by_minute\":[")
    for index in minutes.indices {
      if index > 0 { line.add(",") }
      line.add(minutes[index], 3)
    }
    line.add("],\"minute_ts\":")
    line.add(Int(time.milliseconds / 60_000 * 60))
    line.add("},\"temperature\":{\"tC\":")
    line.add(celsius, 1)
    line.add(",\"tF\":")
    line.add(celsius * 1.8 + 32, 1)
    line.add("}}")
  }
}
