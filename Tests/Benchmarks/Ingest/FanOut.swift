/// What one publisher's messages to 100 subscribers come to in deliveries.
enum FanOut {
  private static let subscribers = 100

  static func measure(_ scratch: borrowing ScratchDirectory, _ options: Options, _ table: inout Table) throws {
    var ours: [Double] = []
    var mosquitto: [Double] = []
    for _ in 0..<3 {
      ours.append(try Server.with(.forebay, scratch) { try deliveries($0, options) })
      guard Programs.mosquitto != nil else { continue }
      mosquitto.append(try Server.with(.mosquitto, scratch) { try deliveries($0, options) })
    }
    let rate = Samples(ours).median
    table.add(
      Row(
        name: "fan-out, 1 to \(subscribers), QoS 0", measured: rate.perSecond, judged: Samples(ours.map { $0 / 1000 }),
        target: .atLeast(500), unit: "k/s"))
    guard !mosquitto.isEmpty else { return table.note("mosquitto is not installed: nothing to compare with") }
    let theirs = Samples(mosquitto).median
    table.note("mosquitto \(theirs.perSecond); ratio \((rate / theirs).short)")
  }

  private static func deliveries(_ server: Server, _ options: Options) throws -> Double {
    let load = try DeliveryLoad(port: server.port, subscribers: subscribers)
    let seconds = options.isQuick ? 0.6 : 3.0
    _ = try load.run(seconds: seconds / 6)
    return try load.run(seconds: seconds)
  }
}
