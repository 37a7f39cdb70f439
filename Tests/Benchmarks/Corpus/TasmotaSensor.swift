import Records

/// A climate sensor with Tasmota: `tele/…/SENSOR`, in the device's own time without a zone.
struct TasmotaSensor: CorpusDevice {
  let topic: [UInt8]
  private var temperature: RandomWalk
  private var humidity: RandomWalk
  private var pressure: RandomWalk

  init(_ number: Int, _ random: inout SeededRandom) {
    let mac = String(0x3A_10F4 + number * 7919, radix: 16, uppercase: true)
    topic = Array("tele/tasmota_\(mac)/SENSOR".utf8)
    temperature = RandomWalk(12...31, step: 0.2, &random)
    humidity = RandomWalk(25...75, step: 0.5, &random)
    pressure = RandomWalk(985...1030, step: 0.2, &random)
  }

  mutating func report(at time: Timestamp, into line: inout JSONLine, _ random: inout SeededRandom) {
    let celsius = temperature.next(&random)
    let percent = humidity.next(&random)
    line.add("{\"Time\":\"")
    line.add(time, characters: 19)
    line.add("\",\"BME280\":{\"Temperature\":")
    line.add(celsius, 1)
    line.add(",\"Humidity\":")
    line.add(percent, 1)
    line.add(",\"DewPoint\":")
    // Magnus' rule of thumb.
    line.add(celsius - (100 - percent) / 5, 1)
    line.add(",\"Pressure\":")
    line.add(pressure.next(&random), 1)
    line.add("},\"PressureUnit\":\"hPa\",\"TempUnit\":\"C\"}")
  }
}
