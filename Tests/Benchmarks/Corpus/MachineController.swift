import Records

/// A machine's controller (PLC) behind a gateway that prints JSON: a time in milliseconds, a counter, and measured values
/// with more digits than they are worth.
struct MachineController: CorpusDevice {
  let topic: [UInt8]
  private let machine: [UInt8]
  private var values: [RandomWalk]
  private var parts: Int

  init(_ number: Int, _ random: inout SeededRandom) {
    topic = Array("plant/line\(number / 5 + 1)/press\(number % 5 + 1)/values".utf8)
    machine = Array("L\(number / 5 + 1)-P\(number % 5 + 1)".utf8)
    let ranges: [(ClosedRange<Double>, Double)] = [
      (55...90, 0.15), (118...135, 0.4), (0.4...1.9, 0.02), (1450...1520, 2), (10...34, 0.3),
    ]
    values = []
    for (range, step) in ranges { values.append(RandomWalk(range, step: step, &random)) }
    parts = Int.random(in: 0...500_000, using: &random)
  }

  mutating func report(at time: Timestamp, into line: inout JSONLine, _ random: inout SeededRandom) {
    parts += Int.random(in: 3...5, using: &random)
    line.add("{\"ts\":\"")
    line.add(time)
    line.add("\",\"machine\":\"")
    line.add(machine)
    line.add("\",\"state\":\"RUN\",\"parts\":")
    line.add(parts)
    line.add(",\"oilTemperature\":")
    line.add(values[0].next(&random), 4)
    line.add(",\"hydraulicPressure\":")
    line.add(values[1].next(&random), 4)
    line.add(",\"vibration\":")
    line.add(values[2].next(&random), 4)
    line.add(",\"spindleSpeed\":")
    line.add(values[3].next(&random), 4)
    line.add(",\"motorCurrent\":")
    line.add(values[4].next(&random), 4)
    line.add("}")
  }
}
