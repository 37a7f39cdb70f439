/// The highest rate of 100-byte datagrams at which none is lost.
enum DatagramRate {
  static func measure(_ scratch: borrowing ScratchDirectory, _ options: Options, _ table: inout Table) throws {
    let result = try Alternation(rounds: 3, scratch) { server in
      try highestRate(server, options)
    }
    table.add(result.row("udp without loss, 100 B", { $0 }, \.perSecond, .atLeast(0.8)))
  }

  private static func highestRate(_ server: Server, _ options: Options) throws -> Double {
    let load = try DatagramLoad(port: server.udpPort)
    let seconds = options.isQuick ? 0.4 : 1.5
    var best = 0.0
    var lost: Double?
    // Up by doubling, then the gap is halved: a few hundredths of the rate are left.
    var rate = 50_000.0
    for _ in 0..<(options.isQuick ? 9 : 12) {
      // A second try: one hiccup of the machine is not the server's rate.
      let reached = try attempt(load, rate, seconds) ?? attempt(load, rate, seconds)
      if let reached {
        best = max(best, reached)
        // The sender cannot do more.
        if reached < 0.95 * rate { break }
      } else {
        lost = rate
      }
      rate = lost.map { (best == 0 ? $0 / 4 : (best + $0) / 2) } ?? rate * 2
    }
    guard best > 0 else { throw BenchmarkError.cannotMeasure("datagrams are lost at every rate") }
    return best
  }

  /// The rate that was sent; nil where something was lost.
  private static func attempt(_ load: DatagramLoad, _ rate: Double, _ seconds: Double) throws -> Double? {
    let (perSecond, dropped) = try load.send(rate: rate, seconds: seconds)
    return dropped == 0 ? perSecond : nil
  }
}
