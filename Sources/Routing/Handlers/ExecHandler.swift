import Bytes
package import Platform
import Records

/// Delivers to a child process: one line of NDJSON a record on its standard input, one line of answer a record on its
/// standard output, in order. A line that begins with `error` refuses the record, with the reason behind the word; any
/// other line accepts it. What the child writes to its error output goes to the journal.
///
/// The child is started with the first record and stays between batches.
///
/// | what happens | what becomes of the first record without an answer |
/// |---|---|
/// | the child ends, or is killed | a failed attempt, with the exit status and its last word on the error output |
/// | it ends with 75 (EX_TEMPFAIL), 126 or 127 (a shell's "cannot run" and "not found") | the handler is to blame |
/// | no answer for `timeout` | the child is killed; a failed attempt |
/// | it cannot be started | the handler is to blame |
/// | it had ended between two batches | nothing: a new one is started |
package final class ExecHandler: Handler {
  /// An answer longer than this is cut off.
  static let maximumAnswerBytes = 4096
  static let stopMilliseconds = 5000
  private static let blamesItself: Set<ProcessEnd> = [.exited(75), .exited(126), .exited(127)]

  private let route: String
  private let configuration: ExecConfiguration
  private let time: any TimeSource
  private var child: ChildProcess?
  private var lines = ByteWriter(capacity: 64 << 10)
  private var answers = LineBuffer(maximumLineBytes: maximumAnswerBytes)
  private var complaints: ExecComplaints
  private var stopDeadline: Int64?

  package init(_ configuration: ExecConfiguration, route: String, time: any TimeSource) {
    self.route = route
    self.configuration = configuration
    self.time = time
    complaints = ExecComplaints(route: route)
  }

  package func deliver(_ batch: borrowing DeliveryBatch, until stop: StopRequest) -> DeliveryOutcome {
    let lineEnds = encode(batch)
    dismissDeadChild()
    let isFresh = child == nil
    let (outcome, isWorthAnother) = exchange(lineEnds, isFresh: isFresh, until: stop)
    return isWorthAnother ? exchange(lineEnds, isFresh: true, until: stop).outcome : outcome
  }

  private func encode(_ batch: borrowing DeliveryBatch) -> [Int] {
    lines.removeAll()
    var ends: [Int] = []
    ends.reserveCapacity(batch.count)
    for index in 0..<batch.count {
      RecordJSON.append(batch.record(at: index), to: &lines)
      lines.append(UInt8(ascii: "\n"))
      ends.append(lines.count)
    }
    return ends
  }

  /// - Returns: what became of the batch, and whether a child that had its time is better replaced and asked again.
  private func exchange(
    _ lineEnds: [Int], isFresh: Bool, until stop: StopRequest
  ) -> (outcome: DeliveryOutcome, isWorthAnother: Bool) {
    let running: ChildProcess
    do throws(SystemError) {
      if let child { running = child } else { running = try start() }
    } catch {
      return (DeliveryOutcome(accepted: 0, problem: .handler("cannot \(error)")), false)
    }
    var exchange = ExecExchange(lineEnds: lineEnds)
    var lastAnswer = time.monotonicNanoseconds()
    while !exchange.isComplete {
      let now = time.monotonicNanoseconds()
      if stop.isMade, stopDeadline == nil { beginStop(&exchange, now) }
      let deadline = stopDeadline ?? lastAnswer + Int64(configuration.timeoutMilliseconds) * 1_000_000
      guard now < deadline else { return (fail(exchange, overdue: running), false) }
      if stopDeadline != nil, exchange.sendable.isEmpty { running.closeInput() }
      let ready = running.wait(
        forRoom: !exchange.sendable.isEmpty, wakeUp: stopDeadline == nil ? stop.wakeUp : nil,
        milliseconds: Int((deadline - now + 999_999) / 1_000_000))
      if ready.canWrite { send(to: running, &exchange) }
      if ready.canReadErrors { complaints.read(from: running) }
      guard ready.canRead else { continue }
      let answered = exchange.answered
      let isOver = !readAnswers(from: running, into: &exchange).mayGoOn
      if exchange.answered > answered { lastAnswer = now }
      guard isOver, !exchange.isComplete else { continue }
      let isWorthAnother = !isFresh && exchange.answered == 0 && stopDeadline == nil
      return (fail(exchange, ended: running), isWorthAnother)
    }
    return (exchange.outcome(failure: .interrupted), false)
  }

  private func beginStop(_ exchange: inout ExecExchange, _ now: Int64) {
    stopDeadline = now + Int64(Self.stopMilliseconds) * 1_000_000
    exchange.stopSending()
  }

  private func send(to running: ChildProcess, _ exchange: inout ExecExchange) {
    switch Self.write(lines, exchange.sendable, to: running) {
    case .moved(let count): exchange.didSend(count)
    case .wouldBlock: break
    // It reads no more. What it has answered, or how it ends, its output tells.
    case .endOfStream, .failed: running.closeInput()
    }
  }

  private static func write(
    _ lines: borrowing ByteWriter, _ range: Range<Int>, to child: ChildProcess
  ) -> IOResult {
    child.write(lines.bytes.extracting(range))
  }

  private func readAnswers(from running: ChildProcess, into exchange: inout ExecExchange) -> IOResult {
    let result = running.readOutput(into: &answers.pending)
    var surplus = 0
    answers.takeLines { line in
      if !exchange.take(answer: ExecAnswer(line: line)) { surplus += 1 }
    }
    if surplus > 0 { complaints.note("it wrote \(surplus) lines more than it got records") }
    if !result.mayGoOn, let rest = answers.takeRest() { _ = exchange.take(answer: ExecAnswer(line: rest)) }
    return result
  }
}

// The child's life.
extension ExecHandler {
  private func start() throws(SystemError) -> ChildProcess {
    answers = LineBuffer(maximumLineBytes: Self.maximumAnswerBytes)
    complaints.forget()
    let started = try ChildProcess(configuration.command)
    child = started
    return started
  }

  /// Between two batches a child has nothing to say on its output: what it says answers nothing, and its end is no
  /// record's fault.
  private func dismissDeadChild() {
    guard let child else { return }
    var exchange = ExecExchange(lineEnds: [])
    var result: IOResult
    repeat { result = readAnswers(from: child, into: &exchange) } while result.hasMoved
    answers = LineBuffer(maximumLineBytes: Self.maximumAnswerBytes)
    guard !result.mayGoOn || child.poll() != nil else { return }
    let end = dismiss(child)
    Journal.info("route \(route): \(configuration.command[0]) ended between records: \(end)")
  }

  /// Takes leave of a child whose output has ended: it gets a second to end by itself.
  private func dismiss(_ child: ChildProcess) -> ProcessEnd {
    child.closeInput()
    let end = child.waitForEnd(milliseconds: 1000, time: time) ?? child.kill()
    complaints.read(from: child)
    self.child = nil
    return end
  }

  private func fail(_ exchange: ExecExchange, ended running: ChildProcess) -> DeliveryOutcome {
    let end = dismiss(running)
    if stopDeadline != nil { return exchange.outcome(failure: .interrupted) }
    let reason = "\(configuration.command[0]): \(end)\(complaints.lastWord)"
    return exchange.outcome(failure: Self.blamesItself.contains(end) ? .handler(reason) : .record(reason))
  }

  private func fail(_ exchange: ExecExchange, overdue running: ChildProcess) -> DeliveryOutcome {
    running.kill()
    complaints.read(from: running)
    child = nil
    if stopDeadline != nil { return exchange.outcome(failure: .interrupted) }
    let seconds = Double(configuration.timeoutMilliseconds) / 1000
    return exchange.outcome(
      failure: .record("\(configuration.command[0]): no answer for \(seconds) s, killed\(complaints.lastWord)"))
  }

  package func rest(until wakeUp: WakeUp, milliseconds: Int) {
    guard let child else {
      _ = wakeUp.wait(milliseconds: milliseconds)
      return
    }
    let ready = child.wait(forRoom: false, wakeUp: wakeUp, milliseconds: milliseconds)
    if ready.isWoken { wakeUp.acknowledge() }
    if ready.canReadErrors { complaints.read(from: child) }
    if ready.canRead { dismissDeadChild() }
  }

  package func stop() {
    guard let child else { return }
    child.closeInput()
    let now = time.monotonicNanoseconds()
    let deadline = stopDeadline ?? now + Int64(Self.stopMilliseconds) * 1_000_000
    if child.waitForEnd(milliseconds: Int(max(deadline - now, 0) / 1_000_000), time: time) == nil {
      Journal.warning("route \(route): \(configuration.command[0]) did not end when its input ended; it is terminated")
      child.terminate()
      if child.waitForEnd(milliseconds: 1000, time: time) == nil { child.kill() }
    }
    complaints.read(from: child)
    self.child = nil
  }
}

extension IOResult {
  fileprivate var hasMoved: Bool {
    if case .moved = self { true } else { false }
  }

  fileprivate var mayGoOn: Bool { hasMoved || self == .wouldBlock }
}
