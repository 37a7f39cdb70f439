import Records

/// An electricity meter behind a gateway that prints JSON: every report has 100 bytes.
struct PowerMeter: CorpusDevice {
  let topic: [UInt8]
  private let name: [UInt8]
  private var power: RandomWalk
  private var voltage: RandomWalk
  private var current: RandomWalk
  private var frequency: RandomWalk
  private var energy: Double

  static let reportBytes = 100

  init(_ number: Int, _ random: inout SeededRandom) {
    topic = Array("plant/hall\(number / 20 + 1)/meter-\(10_000 + number)/values".utf8)
    name = Array("EM-\(10_000 + number)".utf8)
    power = RandomWalk(1000.5...3900, step: 8, &random)
    voltage = RandomWalk(224...238, step: 0.4, &random)
    current = RandomWalk(10.5...17, step: 0.05, &random)
    frequency = RandomWalk(49.95...50.05, step: 0.01, &random)
    energy = Double.random(in: 10_000..<20_000, using: &random)
  }

  mutating func report(at time: Timestamp, into line: inout JSONLine, _ random: inout SeededRandom) {
    let watts = power.next(&random)
    energy = min(energy + watts * 10 / 3_600_000, 99_999)
    line.add("{\"ts\":")
    line.add(Int(time.milliseconds))
    line.add(",\"meter\":\"")
    line.add(name)
    line.add("\",\"W\":")
    line.add(watts, 2)
    line.add(",\"V\":")
    line.add(voltage.next(&random), 2)
    line.add(",\"A\":")
    line.add(current.next(&random), 3)
    line.add(",\"kWh\":")
    line.add(energy, 3)
    line.add(",\"Hz\":")
    line.add(frequency.next(&random), 2)
    line.add("}")
  }
}
