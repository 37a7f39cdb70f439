import Records
import Wire

/// A session whose client is not connected: a place in the log, and what the client has subscribed to.
struct AbsentSession {
  var stored: StoredSession
  /// When it ends unless the client comes back (monotonic nanoseconds).
  var end: Int64
  /// When its will is published unless the client comes back before; nil: there is none, or it has been.
  var willDue: Int64?

  /// Retained messages among what is in flight: for as long as the server runs.
  var retainedInFlight: [UInt16: OwnedRecord] = [:]

  init(_ stored: StoredSession, now: Int64) {
    self.stored = stored
    // The whole interval anew after a restart: how long the box was off, its clock may not know.
    end =
      stored.expirySeconds == UInt32.max
      ? Int64.max : now + Int64(stored.expirySeconds) * 1_000_000_000
    willDue = stored.will.map { min(end, now + Int64($0.delaySeconds) * 1_000_000_000) }
  }
}
