import Records
import Storage
import Synchronization

/// When the records came that consumers stand before: read from the log once for each place. Any thread.
final class OldestRecordTimes: Sendable {
  private let known = Mutex<[String: (position: Offset, time: Timestamp?)]>([:])

  /// The time of the record at or behind `position`, where `consumer` stands; nil where there is none, or it cannot be
  /// read.
  func time(of consumer: String, at position: Offset, in log: Log) -> Timestamp? {
    if position >= log.durableEnd { return nil }
    if let found = known.withLock({ $0[consumer] }), found.position == position { return found.time }
    var reader = log.makeReader(at: position)
    var time: Timestamp?
    do throws(StorageError) {
      time = try reader.next()?.timestamp
    } catch {
      // A time that is not known is all that is lost by that; whoever must read the record reports it.
    }
    let read = (position, time)
    known.withLock { $0[consumer] = read }
    return time
  }
}
