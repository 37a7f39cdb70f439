import Platform
import Records

// Refusing: where a segment is needed and may not be made, or cannot, nothing is taken any more but what consumers must
// write to be able to go on (their dead letters), and the log's own gap records: if those had to wait, the log would wait
// for consumers that wait for the log. Everything else is held, or stays with its producers, until there is room.
extension Committer {
  /// Whether the batch may be looked at, or stands behind others that are held.
  func mayTake(_ batch: PendingBatch) -> Bool {
    if refusal != nil, !batch.passesRefusal { return false }
    // A producer is told by its newest record on disk which of its records are: none may overtake another.
    guard !held.isEmpty, let producer = batch.producer else { return true }
    return !held.contains { $0.producer === producer }
  }

  func refuse(_ reason: RetentionReason) {
    let next = LogRefusal(reason, policy.whenFull, slowest: state.consumers.all.first?.name)
    refusal = next
    guard announced?.reason != reason else { return }
    announced = next
    Journal.error("\(next)")
    queue.setRefusing(true)
    state.setRefusal(next)
    publishMetrics()
  }

  /// Takes what is held, where it may be taken by now. False once the log has failed.
  func retry() -> Bool {
    guard let current = refusal else { return true }
    do throws(SystemError) {
      if writer == nil, try !prepare() { return true }
      if current.reason != .diskFull, let reason = try keepLimits(demand: bytesWanted) {
        refuse(reason)
        publishMetrics()
        return true
      }
    } catch {
      fail(error)
      return false
    }
    swap(&batches, &held)
    refusal = nil
    guard commitTaken() else { return false }
    if refusal == nil { take() }
    return true
  }

  /// Leaves the refusal.
  private func take() {
    Journal.notice("there is room again: the log takes records")
    announced = nil
    queue.setRefusing(false)
    state.setRefusal(nil)
    publishMetrics()
  }

  /// What the first batch that is held would take, with what is reserved already: the newest segment may have room, made
  /// for a dead letter, that was never to be had for others.
  private var bytesWanted: Int {
    guard let writer, let first = held.first else { return 0 }
    let bytes = first.builder.byteCount
    if writer.hasRoom(for: bytes) { return writer.capacity - writer.position }
    return SegmentWriter.capacity(for: bytes, atLeast: state.configuration.segmentBytes)
  }

  /// Does what there was no room for at the start; false where there is none yet.
  private func prepare() throws(SystemError) -> Bool {
    do throws(SystemError) {
      let prepared = try preparation.run(disk)
      writer = prepared.writer
      nextOffset = prepared.endOffset
      state.segments.replaceNewest(by: prepared.newest, prepared.index)
      state.segments.advance(durableEnd: nextOffset)
      queue.tell(nextOffset)
    } catch {
      guard error.isOutOfSpace else { throw error }
      return false
    }
    return true
  }
}
