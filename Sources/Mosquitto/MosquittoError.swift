import CMosquitto

/// What libmosquitto refused or lost, in its own words with what to do about it.
package struct MosquittoError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Which call: `connect`, `tls`, `publish`, …
  package let call: String
  /// MOSQ_ERR_…; 0 where the reason is ours alone.
  package let code: Int32
  package let reason: String
  /// `reason` says what to do about it.
  private let isExplained: Bool

  /// - Parameter complaints: what libmosquitto has logged.
  init(_ call: String, code: Int32, _ complaints: [String]) {
    self.call = call
    self.code = code
    let words = TLSComplaint.words(complaints)
    reason = words ?? String(cString: mosquitto_strerror(code))
    isExplained = words != nil
  }

  package init(_ call: String, _ reason: String) {
    self.call = call
    code = 0
    self.reason = reason
    isExplained = true
  }

  package var description: String { "\(call): \(reason)" }

  /// A connection that was there has been closed by the far side, and nobody knows why.
  package var isLostConnection: Bool { code == MOSQ_ERR_CONN_LOST.code && !isExplained }

  /// The message itself is refused, whatever the connection: too large, or a topic that is none.
  package var refusesMessage: Bool {
    [MOSQ_ERR_OVERSIZE_PACKET, MOSQ_ERR_PAYLOAD_SIZE, MOSQ_ERR_MALFORMED_UTF8, MOSQ_ERR_INVAL].contains {
      Int32($0.rawValue) == code
    }
  }
}
