import Bytes
package import Platform
import Records
package import Storage

/// Follows the log from a route's cursor, delivers what matches to the handler in batches, and moves the cursor behind
/// what the handler is done with. One owner, the route's thread; in tests, a step at a time.
///
/// Never sleeps by itself: `step()` does what can be done and says how long there is nothing more to do.
package final class DeliveryLoop {
  package enum Pause: Hashable, Sendable {
    case none
    /// Until the wake-up is signalled.
    case untilWoken
    /// Or until the wake-up is signalled.
    case milliseconds(Int)
  }

  package static let maximumBatchRecords = 256
  package static let maximumBatchBytes = 256 << 10
  /// Records looked at in one step where few match, so that a stop is soon noticed.
  static let maximumScannedRecords = 16_384
  /// A cursor that only passes over records that do not match is saved no more often.
  static let idleSaveMilliseconds = 1000
  private static let waitingForDisk = "waiting for the disk"

  private let filters: [TopicFilter]
  private let ownDeadLetters: String
  private let log: Log
  private let handler: any Handler
  private let time: any TimeSource
  private let random: @Sendable () -> UInt64
  private let wakeUp: WakeUp
  private let stop: StopRequest
  let board: RouteBoard
  private var journal: RouteJournal

  private var reader: LogReader
  private var cursor: Cursor
  private var appender: Appender
  private var batch = DeliveryBatch()
  private var retries: Retries
  private var diskBackoff: Backoff
  private var status: RouteStatus

  /// The first offset that is not done with; the cursor follows.
  private var position: Offset
  /// Behind `position`, what the handler has accepted all the same.
  private var acceptedBeyond: Set<Offset> = []
  /// Whether the handler has done something that the cursor does not know of.
  private var mustSave = false
  private var lastSave: Int64
  private var restUntil: Int64 = 0
  /// The dead letter on its way to the disk, for the record at `position`.
  private var deadLetterTicket: UInt64?

  /// - Parameter wakeUp: signalled when there may be something to do: the caller's to wait for.
  package init(
    _ configuration: RouteConfiguration, log: Log, handler: any Handler, wakeUp: WakeUp, stop: StopRequest,
    time: any TimeSource, random: @escaping @Sendable () -> UInt64
  ) throws(RoutingError) {
    let name = configuration.name
    filters = try Self.filters(configuration)
    do throws(StorageError) {
      cursor = try log.openCursor("route/\(name)")
    } catch {
      if case .badConsumerName = error { throw .badName(name) }
      throw .storage(route: name, error)
    }
    ownDeadLetters = DeadLetter.topic(ofRoute: name)
    position = cursor.position
    reader = log.makeReader(at: cursor.position)
    reader.filters = filters
    // A log that refuses waits for its consumers: they must be able to go on.
    appender = log.makeAppender(wakeUp: wakeUp, alsoWhenRefusing: true)
    diskBackoff = Backoff(longestMilliseconds: 10_000, random: random)
    retries = Retries(configuration.retry, note: cursor.note)
    status = RouteStatus(name: name)
    status.position = cursor.position
    board = RouteBoard(name: name)
    board.show(status)
    journal = RouteJournal(route: name)
    lastSave = time.monotonicNanoseconds()
    self.log = log
    self.handler = handler
    self.wakeUp = wakeUp
    self.stop = stop
    self.time = time
    self.random = random
  }

  private static func filters(_ configuration: RouteConfiguration) throws(RoutingError) -> [TopicFilter] {
    let name = configuration.name
    guard !configuration.topics.isEmpty else { throw .noTopics(route: name) }
    var filters: [TopicFilter] = []
    for text in configuration.topics {
      do throws(TopicProblem) {
        filters.append(try TopicFilter(text))
      } catch {
        throw .badTopic(route: name, filter: text, error)
      }
    }
    return filters
  }

  /// How the loop is doing, as of the last step.
  package var currentStatus: RouteStatus { board.status }

  /// Delivers until the stop is made.
  func run() {
    while !stop.isMade {
      switch step() {
      case .none: continue
      case .untilWoken: handler.rest(until: wakeUp, milliseconds: -1)
      case .milliseconds(let milliseconds): handler.rest(until: wakeUp, milliseconds: milliseconds)
      }
    }
    finish()
  }

  /// Does what can be done now.
  package func step() -> Pause {
    defer { board.show(status) }
    if let ticket = deadLetterTicket {
      guard appender.durableTickets > ticket else { return .untilWoken }
      passDeadLetter()
    }
    let now = time.monotonicNanoseconds()
    if now < restUntil { return .milliseconds(Int((restUntil - now + 999_999) / 1_000_000)) }
    if mustSave, let wait = save(now) { return wait }
    let isAtEnd: Bool
    do throws(StorageError) {
      isAtEnd = try fillBatch()
    } catch {
      return rest(after: error, now)
    }
    diskBackoff.reset()
    guard !batch.isEmpty else { return passUnmatched(isAtEnd: isAtEnd, now) }
    deliver()
    return .none
  }

  /// Ends the handler and saves the cursor.
  package func finish() {
    handler.stop()
    if position != cursor.position || mustSave { save(time.monotonicNanoseconds()) }
    status.state = "stopped"
    board.show(status)
  }
}

// From the log to the handler.
extension DeliveryLoop {
  /// Makes `batch` what comes next; may find nothing that matches.
  /// - Returns: whether everything durable has been looked at.
  private func fillBatch() throws(StorageError) -> Bool {
    batch.removeAll()
    let limit = retries.isTrying(position) ? 1 : Self.maximumBatchRecords
    var scanned = 0
    while batch.count < limit, batch.byteCount < Self.maximumBatchBytes, scanned < Self.maximumScannedRecords {
      guard let record = try reader.next() else { return true }
      scanned += 1
      if matches(record), !acceptedBeyond.contains(record.offset) { batch.append(record) }
    }
    return false
  }

  /// A route's own dead letters are never delivered to it, whatever its filters: they would come round for ever.
  private func matches(_ record: borrowing Record) -> Bool {
    for filter in filters where filter.matches(record.topic) {
      return !record.topic.elementsEqual(ownDeadLetters.utf8.span.bytes)
    }
    return false
  }

  private func deliver() {
    status.state =
      retries.isTrying(batch.offset(at: 0))
      ? "trying record \(batch.offset(at: 0)) again, \(retries.attempts) failed so far" : "delivering"
    board.show(status)
    let outcome = handler.deliver(batch, until: stop)
    precondition(outcome.accepted < batch.count || outcome.problem == nil)
    precondition(outcome.accepted == batch.count || outcome.problem != nil)
    status.delivered += outcome.accepted + outcome.acceptedBeyond.count
    for index in outcome.acceptedBeyond { acceptedBeyond.insert(batch.offset(at: index)) }
    if outcome.problem == nil {
      moveOn(to: reader.position)
    } else {
      moveOn(to: batch.offset(at: outcome.accepted))
      reader.seek(to: position)
    }
    let wasFailing = retries.isHandlerFailing
    let verdict = retries.judge(outcome, at: position, random: random())
    mustSave = true
    if outcome.accepted > 0 || outcome.problem == nil {
      status.lastError = nil
      if wasFailing { journal.handlerWorksAgain() }
    }
    act(on: verdict, outcome)
  }

  private func act(on verdict: Retries.Verdict, _ outcome: DeliveryOutcome) {
    // Taken anew: the handler may have had its time.
    let now = time.monotonicNanoseconds()
    switch verdict {
    case .goOn, .stop:
      break
    case .tryAgain(let milliseconds):
      status.retries += 1
      restUntil = now + Int64(milliseconds) * 1_000_000
      switch outcome.problem {
      case .record(let reason):
        status.lastError = "record \(position): \(reason)"
        status.state = "record \(position) is tried again, \(retries.attempts) failed so far"
      case .handler(let reason):
        status.lastError = reason
        status.state = "the handler is not available; it is tried again"
      case .interrupted, nil: break
      }
      journal.willTryAgain(status.lastError ?? "", afterMilliseconds: milliseconds, now)
    case .giveUp(let reason, let attempts):
      giveUp(at: outcome.accepted, reason, attempts, now)
      return
    }
    save(now)
  }

  private func moveOn(to offset: Offset) {
    position = offset
    if !acceptedBeyond.isEmpty { acceptedBeyond = acceptedBeyond.filter { $0 >= offset } }
    status.position = offset
    status.missed = reader.skippedRecords
  }
}

// Dead letters.
extension DeliveryLoop {
  private func giveUp(at index: Int, _ reason: String, _ attempts: Int, _ now: Int64) {
    status.lastError = "record \(position): \(reason)"
    guard !batch.record(at: index).isDeadLetter else {
      // It is a dead letter of another route and stays one: two routes must not pass one record to and fro.
      journal.passedDeadLetter(position, reason, now)
      moveOn(to: position + 1)
      reader.seek(to: position)
      save(now)
      return
    }
    let letter = DeadLetter(of: batch.record(at: index), route: status.name, reason: reason, attempts: attempts)
    deadLetterTicket = appender.append(
      topic: letter.topic.span.bytes, payload: letter.payload.span.bytes,
      at: Timestamp(milliseconds: time.wallMilliseconds()), headerCount: letter.headerCount,
      headerBytes: letter.headerBytes.span.bytes)
    appender.flush()
    status.state = "writing record \(position) to the dead letters"
    journal.gaveUp(position, reason, attempts: attempts, now)
  }

  /// The dead letter is on disk: only now does the route go on.
  private func passDeadLetter() {
    deadLetterTicket = nil
    status.deadLettered += 1
    moveOn(to: position + 1)
    reader.seek(to: position)
    save(time.monotonicNanoseconds())
  }
}

// The cursor.
extension DeliveryLoop {
  /// Nothing matched up to the reader's position.
  private func passUnmatched(isAtEnd: Bool, _ now: Int64) -> Pause {
    moveOn(to: reader.position)
    status.state = isAtEnd ? "up to date" : "catching up"
    let pause = isAtEnd ? Pause.untilWoken : .none
    guard position != cursor.position else { return pause }
    let due = lastSave + Int64(Self.idleSaveMilliseconds) * 1_000_000
    if now >= due { return save(now) ?? pause }
    return isAtEnd ? .milliseconds(Int((due - now + 999_999) / 1_000_000)) : .none
  }

  /// Saves the cursor. Where the disk refuses, nothing is delivered until it does not.
  /// - Returns: how long to wait before that is tried again; nil: it is saved.
  @discardableResult
  private func save(_ now: Int64) -> Pause? {
    do throws(StorageError) {
      try cursor.commit(position, note: retries.isTrying(position) ? retries.note : [])
    } catch {
      mustSave = true
      status.saveFailures += 1
      return rest(after: error, now)
    }
    if status.state == Self.waitingForDisk { status.lastError = nil }
    diskBackoff.reset()
    mustSave = false
    lastSave = now
    return nil
  }

  private func rest(after error: StorageError, _ now: Int64) -> Pause {
    status.lastError = "\(error)"
    status.state = Self.waitingForDisk
    journal.diskFailed("\(error)", now)
    let milliseconds = diskBackoff.next()
    restUntil = max(restUntil, now + milliseconds * 1_000_000)
    return .milliseconds(Int(milliseconds))
  }
}
