import Platform
import Records
import Storage

/// What everything on an ingress thread works with. Handed down the calls of a turn; one owner, one thread.
struct LoopContext: ~Copyable {
  var poller: Poller
  /// The loop's one way into the log: acknowledgements are one queue in the order of its tickets.
  var appender: Appender
  /// For what is the loop's own to say, and said even while the log refuses: what was dropped, and how sessions stand.
  var own: Appender
  var acknowledgements = AcknowledgementQueue()
  /// Of what `own` has been given.
  var ownAcknowledgements = AcknowledgementQueue()
  /// Some session in `own` may yet come to stand behind messages in `appender` that are appended later.
  private var hasLooseSession = false
  let log: Log
  let wakeUp: WakeUp

  /// As of the beginning of the turn: monotonic nanoseconds, and the time that records of the turn bear.
  var now: Int64
  var timestamp: Timestamp
  /// The log takes nothing: publishers wait, datagrams are dropped and counted. As of the beginning of the turn, too.
  var isRefusing = false
  /// When sockets were last not read, since the commit had no room.
  var lastStall = Int64.min / 2

  static func make(_ common: IngressCommon, _ wakeUp: WakeUp) throws(IngressError) -> LoopContext {
    let (log, time) = (common.log, common.time)
    do throws(SystemError) {
      let poller = try Poller(capacity: 512)
      try poller.add(wakeUp.descriptor, .readable, token: EventToken.wakeUp.raw)
      log.onRefusal(wakeUp)
      return LoopContext(
        poller: poller, appender: log.makeAppender(wakeUp: wakeUp, sharers: common.threads),
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

  // Two ways into the log, and the order between them matters where a session is read from it again: its QoS 2 messages are
  // those that follow its record, and precede its end.

  mutating func noteSession() {
    hasLooseSession = true
  }

  /// What is appended from now on follows the sessions written down so far.
  mutating func settleSessions() {
    guard hasLooseSession else { return }
    hasLooseSession = false
    own.settle()
  }

  /// What `own` is given from now on follows the messages that have come so far.
  mutating func settleMessages() {
    appender.settle()
  }

  /// Hands everything appended to the commit.
  mutating func flush() {
    appender.flush()
    own.flush()
  }
}
