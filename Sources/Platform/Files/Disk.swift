/// What the log asks of a disk. Two conformers: `LocalDisk`, and the tests' `FaultyDisk`, which loses, reorders and tears
/// whatever was not synced.
///
/// Paths are given in full. Nothing here is durable before the sync that covers it: contents before `DiskFile.sync()`,
/// creations, renames and removals before `syncDirectory` of the directory they are in. Any thread.
package protocol Disk: Sendable {
  /// Opens `path` for reading and writing (reading alone for `.read`).
  func open(_ path: String, _ mode: DiskOpenMode) throws(SystemError) -> any DiskFile
  /// Replaces `target`, if there is one, by `source`, in one step.
  func rename(_ source: String, to target: String) throws(SystemError)
  func remove(_ path: String) throws(SystemError)
  /// Creates `path` and the directories above it that are missing; durable on return.
  func createDirectory(_ path: String) throws(SystemError)
  /// Makes creations, renames and removals in `path` durable.
  func syncDirectory(_ path: String) throws(SystemError)
  /// The names in `path`, without `.` and `..`, sorted; empty where there is no such directory.
  func list(_ path: String) throws(SystemError) -> [String]
  /// Takes the lock file `path`, which is made if missing, for this process.
  func lock(_ path: String) throws(SystemError) -> DiskLock
  /// Bytes that may still be written on the file system of `path`, and its size.
  func space(_ path: String) throws(SystemError) -> (free: Int, total: Int)
}

package enum DiskLock: Sendable {
  /// Held for as long as the object is kept.
  case acquired(any AnyObject & Sendable)
  /// 0: some process, unknown which.
  case heldBy(process: Int)
}

package enum DiskOpenMode: Hashable, Sendable {
  /// Must exist.
  case read
  /// Must exist.
  case readWrite
  /// Must not exist.
  case create
  /// Made if missing.
  case readWriteOrCreate
}

/// An open file. Closed when the last reference goes. Positions are absolute; there is no shared cursor, so that any
/// thread may read while one writes.
package protocol DiskFile: AnyObject, Sendable {
  /// Reads at `offset` as much of `buffer` as the file has there; fewer bytes only at the end of the file.
  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(SystemError) -> Int
  /// Writes all of `bytes` at `offset`, or throws: what is then on disk is unknown.
  func write(_ bytes: RawSpan, at offset: Int) throws(SystemError)
  /// Lets the disk begin with what was written there, which a later `sync` then waits for less long. Promises nothing.
  func startWriting(_ range: Range<Int>)
  /// Makes the contents durable (fdatasync). After a failure the file's state is unknown and must not be synced again.
  func sync() throws(SystemError)
  /// Syncs, and forgets what memory has of the contents: what is read from now on comes from the disk. After a failed sync of
  /// an earlier process, memory may show what the disk does not have and no later sync writes.
  func reload() throws(SystemError)
  /// Reserves disk blocks for the first `count` bytes; the file is then at least that long, zeros where nothing was written.
  func allocate(_ count: Int) throws(SystemError)
  func truncate(to count: Int) throws(SystemError)
  func size() throws(SystemError) -> Int
}

extension DiskFile {
  /// Where it would change nothing.
  package func startWriting(_ range: Range<Int>) {}
}
