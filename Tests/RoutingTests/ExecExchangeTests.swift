import Routing
import Testing

struct ExecExchangeTests {
  private func accept(_ exchange: inout ExecExchange, isTaken: Bool) {
    let taken = exchange.take(answer: .accepted)
    #expect(taken == isTaken)
  }

  @Test func `everything is sent ahead and answered in order`() {
    var exchange = ExecExchange(lineEnds: [10, 20, 30])
    #expect(exchange.sendable == 0..<30)
    exchange.didSend(30)
    #expect(!exchange.isComplete)
    for _ in 0..<3 { accept(&exchange, isTaken: true) }
    #expect(exchange.isComplete)
    #expect(exchange.outcome(failure: nil) == DeliveryOutcome(accepted: 3))
    accept(&exchange, isTaken: false)
  }

  @Test func `a line is begun with its first byte`() {
    var exchange = ExecExchange(lineEnds: [10, 20])
    accept(&exchange, isTaken: false)
    exchange.didSend(10)
    accept(&exchange, isTaken: true)
    accept(&exchange, isTaken: false)
    exchange.didSend(1)
    accept(&exchange, isTaken: true)
  }

  @Test func `after a refusal what was begun is finished and nothing more is sent`() {
    var exchange = ExecExchange(lineEnds: [10, 20, 30, 40])
    exchange.didSend(25)
    _ = exchange.take(answer: .accepted)
    _ = exchange.take(answer: .refused("no"))
    #expect(exchange.sendable == 25..<30)
    exchange.didSend(5)
    #expect(!exchange.isComplete)
    _ = exchange.take(answer: .accepted)
    #expect(exchange.isComplete)
    #expect(
      exchange.outcome(failure: nil) == DeliveryOutcome(accepted: 1, problem: .record("no"), acceptedBeyond: [2]))
  }

  @Test func `the first of two refusals is the one that counts`() {
    var exchange = ExecExchange(lineEnds: [1, 2, 3])
    exchange.didSend(3)
    for answer in [ExecAnswer.refused("first"), .refused("second"), .accepted] { _ = exchange.take(answer: answer) }
    #expect(
      exchange.outcome(failure: nil) == DeliveryOutcome(accepted: 0, problem: .record("first"), acceptedBeyond: [2]))
  }

  @Test func `a stop begins no further line`() {
    var exchange = ExecExchange(lineEnds: [10, 20])
    exchange.stopSending()
    #expect(exchange.sendable.isEmpty)
    #expect(exchange.isComplete)
    #expect(
      exchange.outcome(failure: .interrupted) == DeliveryOutcome(accepted: 0, problem: .interrupted))
  }

  @Test(
    arguments: [
      ("ok", .accepted), ("", .accepted), ("Error", .accepted), ("error", .refused("the handler refused it")),
      ("error: no sensor 7", .refused("no sensor 7")), ("error no", .refused("no")), ("no error", .accepted),
    ] as [(String, ExecAnswer)])
  func `an answer`(line: String, answer: ExecAnswer) {
    #expect(ExecAnswer(line: line) == answer)
  }
}
