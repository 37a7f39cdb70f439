import Platform
import Records
import Storage

/// What everything on the ingress thread works with. Handed down the calls of a turn; one owner, one thread.
struct LoopContext: ~Copyable {
  var poller: Poller
  /// The loop's one way into the log: acknowledgements are one queue in the order of its tickets.
  var appender: Appender
  /// For what is the loop's own to say, and said even while the log refuses: what was dropped, and how sessions stand.
  var own: Appender
  var acknowledgements = AcknowledgementQueue()
  /// Of what `own` has been given.
  var ownAcknowledgements = AcknowledgementQueue()
  let log: Log
  let wakeUp: WakeUp

  /// As of the beginning of the turn: monotonic nanoseconds, and the time that records of the turn bear.
  var now: Int64
  var timestamp: Timestamp
  /// The log takes nothing: publishers wait, datagrams are dropped and counted. As of the beginning of the turn, too.
  var isRefusing = false
  /// When sockets were last not read, since the commit had no room.
  var lastStall = Int64.min / 2

  static func make(_ log: Log, _ time: any TimeSource) throws(IngressError) -> LoopContext {
    do throws(SystemError) {
      let wakeUp = try WakeUp()
      let poller = try Poller(capacity: 512)
      try poller.add(wakeUp.descriptor, .readable, token: EventToken.wakeUp.raw)
      log.onRefusal(wakeUp)
      return LoopContext(
        poller: poller, appender: log.makeAppender(wakeUp: wakeUp),
        own: log.makeAppender(wakeUp: wakeUp, alsoWhenRefusing: true),
        log: log, wakeUp: wakeUp, now: time.monotonicNanoseconds(),
        timestamp: Timestamp(milliseconds: time.wallMilliseconds()))
    } catch {
      throw .system(error)
    }
  }

  mutating func refreshTime(_ time: any TimeSource) {
    now = time.monotonicNanoseconds()
    timestamp = Timestamp(milliseconds: time.wallMilliseconds())
    isRefusing = log.isRefusing
  }

  /// Whether what comes from sockets may be looked at: stored, or held and dropped.
  var mayRead: Bool { isRefusing || appender.hasRoom }

  /// A will is due whatever the log says; it waits with what else does, as long as that is not too much.
  var mayTakeWill: Bool { !isRefusing || appender.hasRoom }

  /// Hands everything appended to the commit.
  mutating func flush() {
    appender.flush()
    own.flush()
  }
}
