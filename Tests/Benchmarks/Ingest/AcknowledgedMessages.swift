/// How many QoS 1 messages are acknowledged a second when every client always has a full window, and what one costs.
enum AcknowledgedMessages {
  private struct Load {
    let clients: Int
    let window: Int
    let target: Double
  }

  private static let loads = [
    Load(clients: 50, window: 20, target: 0.7), Load(clients: 1, window: 100, target: 0.7),
    Load(clients: 1, window: 1, target: 0.9), Load(clients: 500, window: 10, target: 0.6),
  ]

  private struct Measurement {
    let perSecond: Double
    let processorSeconds: Double
  }

  static func measure(_ scratch: borrowing ScratchDirectory, _ options: Options, _ table: inout Table) throws {
    for payloadBytes in [100, 1024] {
      for load in loads { try measure(load, payloadBytes: payloadBytes, scratch, options, &table) }
    }
  }

  private static func measure(
    _ load: Load, payloadBytes: Int, _ scratch: borrowing ScratchDirectory, _ options: Options, _ table: inout Table
  ) throws {
    let result = try Alternation(rounds: options.isQuick ? 3 : 5, scratch) { server in
      try run(load, payloadBytes, server, seconds: options.isQuick ? 0.6 : 3)
    }
    let name = "\(load.clients) x \(load.window), \(payloadBytes) B"
    table.add(result.row("acks, " + name, \.perSecond, \.perSecond, .atLeast(load.target)))
    let costs = [result.forebay, result.reference].map { Samples($0.map(\.processorSeconds)).median.duration }
    table.note("processor time a message: \(costs[0]), reference \(costs[1])")
  }

  private static func run(_ load: Load, _ payloadBytes: Int, _ server: Server, seconds: Double) throws -> Measurement {
    let clients = try PublishingLoad(
      port: server.port, clients: load.clients, window: load.window, payloadBytes: payloadBytes)
    _ = try clients.saturate(seconds: seconds / 6)
    let before = try server.processorSeconds()
    let (messages, seconds) = try clients.saturate(seconds: seconds)
    let busy = try server.processorSeconds() - before
    return Measurement(
      perSecond: Double(messages) / seconds, processorSeconds: busy / Double(max(messages, 1)))
  }
}
