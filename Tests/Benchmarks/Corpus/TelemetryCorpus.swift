import Records

/// What a hundred devices send every ten seconds: the same messages on every machine.
/// One owner, one thread.
struct TelemetryCorpus: ~Copyable {
  static let devices = 100
  private static let intervalMilliseconds: Int64 = 10_000

  private var random = SeededRandom(seed: 0xF0_8EBA7)
  private var devices: [any CorpusDevice] = []
  private var line = JSONLine()
  private var count = 0
  private let start: Timestamp

  /// What the devices are.
  enum Kind {
    /// Twenty of each of five families.
    case mixed
    /// Meters alone: every payload has `PowerMeter.reportBytes`.
    case meters
  }

  /// - Parameter start: when the first message comes; 14 March 2026, 08:00 UTC, unless the caller wants another day.
  init(_ kind: Kind = .mixed, start: Timestamp = Timestamp(milliseconds: 1_773_475_200_000)) {
    self.start = start
    guard kind == .mixed else {
      for number in 0..<Self.devices { devices.append(PowerMeter(number, &random)) }
      return
    }
    for number in 0..<(Self.devices / 5) {
      devices.append(TasmotaSensor(number, &random))
      devices.append(ShellySwitch(number, &random))
      devices.append(ZigbeeSensor(number, &random))
      devices.append(MachineController(number, &random))
      devices.append(TempestObservation(number, &random))
    }
  }

  /// Lends the next message to `body`: topic, payload, and when it came.
  mutating func next<Failure: Error>(
    _ body: (_ topic: RawSpan, _ payload: RawSpan, _ time: Timestamp) throws(Failure) -> Void
  ) throws(Failure) {
    let device = count % Self.devices
    let spacing = Self.intervalMilliseconds / Int64(Self.devices)
    let time = Timestamp(
      milliseconds: start.milliseconds + Int64(count) * spacing + Int64.random(in: 0..<spacing, using: &random))
    count += 1
    line.removeAll()
    devices[device].report(at: time, into: &line, &random)
    try body(devices[device].topic.span.bytes, line.bytes, time)
  }
}
