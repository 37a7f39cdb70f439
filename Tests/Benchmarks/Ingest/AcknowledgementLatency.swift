/// How long a message waits for its acknowledgement when the server has little to do, and what a message costs then.
enum AcknowledgementLatency {
  private static let rate = 2000.0
  private static let clients = 50
  /// So large that no message has to wait for another: 25 s of them.
  private static let window = 1000

  private struct Measurement {
    let latencies: Samples
    let processorSeconds: Double
  }

  static func measure(_ scratch: borrowing ScratchDirectory, _ options: Options, _ table: inout Table) throws {
    let result = try Alternation(rounds: options.isQuick ? 3 : 5, scratch) { server in
      try run(server, seconds: options.isQuick ? 1.5 : 8)
    }
    table.add(
      result.row("ack latency at 2000/s, p50", { $0.latencies.median }, \.duration, .atMost(1.2)))
    table.add(
      result.row("ack latency at 2000/s, p99", { $0.latencies.percentile(0.99) }, \.duration, .atMost(1.5)))
    table.add(result.row("processor time a message", \.processorSeconds, \.duration, .atMost(2)))
  }

  private static func run(_ server: Server, seconds: Double) throws -> Measurement {
    let load = try PublishingLoad(port: server.port, clients: clients, window: window, payloadBytes: 100)
    _ = try load.pace(rate: rate, seconds: 0.5)
    let before = try server.processorSeconds()
    let latencies = try load.pace(rate: rate, seconds: seconds)
    let busy = try server.processorSeconds() - before
    return Measurement(latencies: Samples(latencies), processorSeconds: busy / Double(latencies.count))
  }
}
