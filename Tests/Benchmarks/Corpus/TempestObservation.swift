import Records

/// A Tempest weather station's `obs_st`, as it comes by UDP.
struct TempestObservation: CorpusDevice {
  let topic: [UInt8]
  private let serial: [UInt8]
  private let hub: [UInt8]
  private var wind: RandomWalk
  private var direction: RandomWalk
  private var pressure: RandomWalk
  private var temperature: RandomWalk
  private var humidity: RandomWalk
  private var light: RandomWalk
  private var battery: RandomWalk

  init(_ number: Int, _ random: inout SeededRandom) {
    topic = Array("weather/192.168.40.\(20 + number)".utf8)
    serial = Array("ST-000\(40_512 + number * 13)".utf8)
    hub = Array("HB-000\(13_030 + number)".utf8)
    wind = RandomWalk(0...9, step: 0.6, &random)
    direction = RandomWalk(0...359, step: 12, &random)
    pressure = RandomWalk(985...1030, step: 0.1, &random)
    temperature = RandomWalk(-5...32, step: 0.1, &random)
    humidity = RandomWalk(30...98, step: 0.5, &random)
    light = RandomWalk(100...90_000, step: 900, &random)
    battery = RandomWalk(2.5...2.8, step: 0.002, &random)
  }

  mutating func report(at time: Timestamp, into line: inout JSONLine, _ random: inout SeededRandom) {
    let speed = wind.next(&random)
    let lux = light.next(&random)
    line.add("{\"serial_number\":\"")
    line.add(serial)
    line.add("\",\"type\":\"obs_st\",\"hub_sn\":\"")
    line.add(hub)
    line.add("\",\"obs\":[[")
    line.add(Int(time.milliseconds / 1000))
    // Wind lull, average and gust, direction, sample interval.
    for value in [speed * 0.6, speed, speed * 1.5] {
      line.add(",")
      line.add(value, 2)
    }
    line.add(",")
    line.add(Int(direction.next(&random)))
    line.add(",6,")
    line.add(pressure.next(&random), 2)
    line.add(",")
    line.add(temperature.next(&random), 2)
    line.add(",")
    line.add(humidity.next(&random), 2)
    line.add(",")
    // Illuminance, UV index, solar radiation; then no rain and no lightning.
    line.add(Int(lux))
    line.add(",")
    line.add(lux / 15_000, 2)
    line.add(",")
    line.add(Int(lux / 120))
    line.add(",0.000000,0,0,0,")
    line.add(battery.next(&random), 3)
    line.add(",1]],\"firmware_revision\":171}")
  }
}
