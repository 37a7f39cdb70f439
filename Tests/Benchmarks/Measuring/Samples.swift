/// What several rounds came to: a median, and how far they were apart.
struct Samples: Sendable {
  private let sorted: [Double]

  init(_ values: [Double]) {
    precondition(!values.isEmpty)
    sorted = values.sorted()
  }

  var median: Double { percentile(0.5) }
  var minimum: Double { sorted[0] }
  var maximum: Double { sorted[sorted.count - 1] }

  /// The value that `fraction` of all were at or below.
  func percentile(_ fraction: Double) -> Double {
    sorted[min(max(Int((Double(sorted.count) * fraction).rounded(.up)) - 1, 0), sorted.count - 1)]
  }
}
