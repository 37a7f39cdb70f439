/// The daemon and the reference in turn, each with a fresh process and fresh data, the other one first in every second
/// round: what the machine does besides is then spread over both.
struct Alternation<Measurement> {
  private(set) var forebay: [Measurement] = []
  private(set) var reference: [Measurement] = []

  init(
    rounds: Int, _ scratch: borrowing ScratchDirectory, _ measure: (Server) throws -> Measurement
  ) throws {
    for round in 0..<rounds {
      let order: [Server.Kind] = round % 2 == 0 ? [.forebay, .reference] : [.reference, .forebay]
      for kind in order {
        let measurement = try Server.with(kind, scratch, measure)
        if kind == .forebay { forebay.append(measurement) } else { reference.append(measurement) }
      }
    }
  }

  /// A row of the ratio of one figure, round by round.
  func row(
    _ name: String, _ value: (Measurement) -> Double, _ text: (Double) -> String, _ target: Row.Target
  ) -> Row {
    let ours = forebay.map(value)
    let theirs = reference.map(value)
    return Row(
      name: name, measured: text(Samples(ours).median), reference: text(Samples(theirs).median),
      judged: Samples(zip(ours, theirs).map { $0 / $1 }), target: target)
  }
}

extension Double {
  /// A rate with its unit: `123 k/s`.
  var perSecond: String {
    self >= 1e6 ? "\((self / 1e6).short) M/s" : self >= 1e3 ? "\((self / 1e3).short) k/s" : "\(short) /s"
  }
}
