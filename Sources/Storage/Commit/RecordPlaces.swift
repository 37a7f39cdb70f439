package import Records
import Synchronization

/// Where in the log the records of one producer are, by their tickets: for whoever has to know before anything is read, such
/// as which of two producers' records is the later one. Any thread.
package final class RecordPlaces: Sendable {
  /// Records with consecutive tickets at consecutive offsets.
  private struct Run {
    /// Behind the last.
    let endTicket: UInt64
    let endOffset: Offset
    let count: Int
  }

  /// In the order of the tickets.
  private let runs = Mutex<[Run]>([])

  init() {}

  /// Where the record with `ticket` is; nil: it is not on disk yet, or its place was not noted. To be asked in ascending order:
  /// what comes before is forgotten.
  package func offset(of ticket: UInt64) -> Offset? {
    runs.withLock { runs in
      guard let index = runs.firstIndex(where: { ticket < $0.endTicket }) else {
        runs.removeAll(keepingCapacity: true)
        return nil
      }
      if index > 0 { runs.removeSubrange(..<index) }
      let run = runs[0]
      guard run.endTicket - ticket <= run.count else { return nil }
      return run.endOffset - Offset(run.endTicket - ticket)
    }
  }

  /// A batch is on disk, whose last record has the ticket before `endTicket`.
  func note(endTicket: UInt64, endOffset: Offset, count: Int) {
    runs.withLock { $0.append(Run(endTicket: endTicket, endOffset: endOffset, count: count)) }
  }
}
