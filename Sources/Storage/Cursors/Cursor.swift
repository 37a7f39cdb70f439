package import Records

/// How far one consumer has come, kept on disk: `position` is the first offset it has not done with.
/// One owner, one thread.
package struct Cursor: ~Copyable, Sendable {
  package let name: String
  package var position: Offset { fatalError() }

  /// The consumer's own words beside the position, at most `Cursor.maximumNoteBytes`: what it must know after a crash.
  package var note: [UInt8] { fatalError() }

  package static let maximumNoteBytes = 4000

  /// Moves the cursor; durable on return. After an error the cursor on disk is the old or the new one.
  package mutating func commit(_ position: Offset, note: [UInt8] = []) throws(StorageError) { fatalError() }
}
