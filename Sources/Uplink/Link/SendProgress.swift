import Platform

/// Whether what was sent over a connection comes further, be it slowly: by what the far side's machine has acknowledged. One
/// owner, one thread.
struct SendProgress {
  private var unacknowledgedBytes = 0

  /// To be asked before anything more is sent.
  mutating func hasProgressed(_ descriptor: CInt) -> Bool {
    let before = unacknowledgedBytes
    note(descriptor)
    return unacknowledgedBytes < before
  }

  /// To be called when something has been sent.
  mutating func note(_ descriptor: CInt) {
    unacknowledgedBytes = OutgoingSocket.unacknowledgedBytes(of: descriptor)
  }

  /// Something is on its way, by the last note.
  var isUnderWay: Bool { unacknowledgedBytes > 0 }
}
