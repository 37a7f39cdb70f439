import Platform
import Records
import Storage

/// Several threads that append as the ingress does: a turn of what there is, handed over at its end, and no more than a
/// window of records that are not yet durable.
enum Producers {
  static let payloadBytes = 100
  /// Records in a turn: what a 64 KiB read has of small messages.
  private static let turn = 500
  /// Records not yet durable, for each producer: 100 devices with 100 in flight.
  private static let manyInFlight = 10_000

  /// Appends `records` records from `threads` threads and returns when all are durable.
  static func run(_ log: Log, threads: Int, records: Int, window: Int = manyInFlight) throws {
    var running: [Finish] = []
    for thread in 0..<threads {
      let wakeUp = try WakeUp()
      let finish = Finish()
      running.append(finish)
      finish.thread = NamedThread.start("producer") {
        produce(log, number: thread, records: records / threads, window, wakeUp)
      }
    }
    for finish in running { finish.thread.take()?.join() }
    if let failure = log.failure { throw failure }
    try Interruption.check()
  }

  private static func produce(_ log: Log, number: Int, records: Int, _ window: Int, _ wakeUp: WakeUp) {
    var appender = log.makeAppender(wakeUp: wakeUp)
    let topic = topic(number)
    let payload = makePayload(number)
    let time = Timestamp(milliseconds: SystemTime().wallMilliseconds())
    while appender.durableTickets < records, log.failure == nil, !Interruption.isSet {
      let appended = Int(appender.appendedTickets)
      let room = min(turn, records - appended, window - (appended - Int(appender.durableTickets)))
      guard room > 0, appender.hasRoom else {
        _ = wakeUp.wait(milliseconds: 1000)
        continue
      }
      for _ in 0..<room { appender.append(topic: topic.span.bytes, payload: payload.span.bytes, at: time) }
      appender.flush()
    }
  }

  static func topic(_ number: Int) -> [UInt8] { Array("plant/line-\(number)/machine/temperature".utf8) }

  static func makePayload(_ number: Int) -> [UInt8] {
    var random = SeededRandom(seed: UInt64(number))
    return (0..<payloadBytes).map { _ in UInt8.random(in: 32...126, using: &random) }
  }
}

/// Where a thread waits to be joined.
private final class Finish {
  var thread: NamedThread?
}
