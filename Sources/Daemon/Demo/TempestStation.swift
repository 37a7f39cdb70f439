import Records

/// A weather station that broadcasts UDP datagrams (WeatherFlow Tempest UDP Reference, version 171): an observation a
/// minute, the wind every three seconds.
struct TempestStation {
  private var temperature: DemoValue
  private var humidity: DemoValue
  private var pressure: DemoValue
  private var wind: DemoValue
  private var direction: DemoValue
  private var light: DemoValue

  init(_ random: inout DemoRandom) {
    temperature = DemoValue(mean: 14, spread: 5, &random)
    humidity = DemoValue(mean: 60, spread: 15, &random)
    pressure = DemoValue(mean: 1009, spread: 8, &random)
    wind = DemoValue(mean: 3.2, spread: 3, &random)
    direction = DemoValue(mean: 220, spread: 80, &random)
    light = DemoValue(mean: 24_000, spread: 18_000, &random)
  }

  /// The datagrams it sends at `time`, `second` seconds after its start. Called once a second.
  mutating func datagrams(second: Int, at time: Timestamp, _ random: inout DemoRandom) -> [[UInt8]] {
    temperature.step(&random)
    humidity.step(&random)
    pressure.step(&random)
    wind.step(&random)
    direction.step(&random)
    light.step(&random)
    let now = JSONValue.integer(time.milliseconds / 1000)
    var datagrams: [[UInt8]] = []
    if second % 60 == 0 { datagrams.append(observation(now).bytes) }
    if second % 3 == 0 { datagrams.append(rapidWind(now).bytes) }
    return datagrams
  }

  private func rapidWind(_ now: JSONValue) -> JSONValue {
    [
      "serial_number": "ST-00000512", "type": "rapid_wind", "hub_sn": "HB-00013030",
      "ob": .array([now, .decimal(wind.value, 2), .integer(Int64(direction.value))]),
    ]
  }

  /// `obs_st`: time, wind lull, average and gust (m/s), direction, sample interval, pressure (hPa), temperature (°C),
  /// humidity (%), illuminance (lx), UV, solar radiation (W/m²), rain (mm), rain type, lightning distance (km) and count,
  /// battery (V), report interval (min).
  private func observation(_ now: JSONValue) -> JSONValue {
    let readings: [JSONValue] = [
      now, .decimal(wind.value * 0.6, 2), .decimal(wind.value, 2), .decimal(wind.value * 1.5, 2),
      .integer(Int64(direction.value)), .integer(6), .decimal(pressure.value, 2), .decimal(temperature.value, 2),
      .decimal(humidity.value, 2), .integer(Int64(light.value)), .decimal(light.value / 15_000, 2),
      .integer(Int64(light.value / 120)), .decimal(0, 6), .integer(0), .integer(0), .integer(0), .decimal(2.61, 3),
      .integer(1),
    ]
    return [
      "serial_number": "ST-00000512", "type": "obs_st", "hub_sn": "HB-00013030", "obs": .array([.array(readings)]),
      "firmware_revision": .integer(171),
    ]
  }
}
