/// A measured value that moves a little from one report to the next and stays in its range.
struct RandomWalk {
  private let range: ClosedRange<Double>
  private let step: Double
  private(set) var value: Double

  /// - Parameter step: how far the value moves at the most from one report to the next.
  init(_ range: ClosedRange<Double>, step: Double, _ random: inout SeededRandom) {
    self.range = range
    self.step = step
    value = Double.random(in: range, using: &random)
  }

  /// The value at the next report.
  mutating func next(_ random: inout SeededRandom) -> Double {
    value += Double.random(in: -step...step, using: &random)
    value = min(max(value, range.lowerBound), range.upperBound)
    return value
  }
}
