import Synchronization

/// What a line and its thread share.
final class LineTraffic: Sendable {
  let mustStop = Atomic(false)
  let count = Mutex(LineCount())
  let recordings = Mutex<[[UInt8]]>([])
  let records: Bool

  init(records: Bool) {
    self.records = records
  }

  /// - Returns: the number of a connection's recording; nil where none is made.
  func makeRecording() -> Int? {
    guard records else { return nil }
    return recordings.withLock { recordings in
      recordings.append([])
      return recordings.count - 1
    }
  }

  func record(_ bytes: UnsafeRawBufferPointer, _ number: Int?) {
    guard let number else { return }
    recordings.withLock { $0[number].append(contentsOf: bytes) }
  }
}
