import Platform
import Synchronization

/// The machine's disk, and a record of what the commit asks of it, for `ReferenceLoop` to repeat. What others do, sealing
/// say, is passed on and not recorded: the commit alone preallocates its files.
struct RecordingDisk: Disk {
  struct Operation: Hashable, Sendable {
    /// Which file, in the order they were made.
    let file: Int
    let action: Action

    enum Action: Hashable, Sendable {
      case create(bytes: Int)
      case write(Int)
      case sync
      case truncate(Int)
    }

    var writtenBytes: Int {
      if case .write(let count) = action { count } else { 0 }
    }
  }

  private let disk = LocalDisk()
  private let record = Record()

  /// What was asked for since the last call, and forgets it.
  func takeOperations() -> [Operation] { record.take() }

  func open(_ path: String, _ mode: DiskOpenMode) throws(SystemError) -> any DiskFile {
    RecordedFile(try disk.open(path, mode), record)
  }

  func syncDirectory(_ path: String) throws(SystemError) {
    try disk.syncDirectory(path)
  }

  func rename(_ source: String, to target: String) throws(SystemError) { try disk.rename(source, to: target) }
  func remove(_ path: String) throws(SystemError) { try disk.remove(path) }
  func createDirectory(_ path: String) throws(SystemError) { try disk.createDirectory(path) }
  func list(_ path: String) throws(SystemError) -> [String] { try disk.list(path) }
  func lock(_ path: String) throws(SystemError) -> DiskLock { try disk.lock(path) }
  func space(_ path: String) throws(SystemError) -> (free: Int, total: Int) { try disk.space(path) }
}

private final class Record: Sendable {
  private let operations = Mutex<[RecordingDisk.Operation]>([])
  private let files = Atomic(0)

  func makeFile() -> Int { files.add(1, ordering: .relaxed).newValue }

  func add(_ operation: RecordingDisk.Operation) {
    operations.withLock { $0.append(operation) }
  }

  func take() -> [RecordingDisk.Operation] {
    operations.withLock { operations in
      defer { operations.removeAll(keepingCapacity: true) }
      return operations
    }
  }
}

private final class RecordedFile: DiskFile {
  private let file: any DiskFile
  private let record: Record
  /// 0 until the file is preallocated.
  private let number = Atomic(0)

  init(_ file: any DiskFile, _ record: Record) {
    self.file = file
    self.record = record
  }

  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(SystemError) -> Int {
    try file.read(into: buffer, at: offset)
  }

  func write(_ bytes: RawSpan, at offset: Int) throws(SystemError) {
    add(.write(bytes.byteCount))
    try file.write(bytes, at: offset)
  }

  func startWriting(_ range: Range<Int>) { file.startWriting(range) }
  func sync() throws(SystemError) {
    add(.sync)
    try file.sync()
  }

  func reload() throws(SystemError) {
    add(.sync)
    try file.reload()
  }

  func allocate(_ count: Int) throws(SystemError) {
    // A second time only where one batch is larger than a whole segment.
    if number.load(ordering: .relaxed) == 0 { number.store(record.makeFile(), ordering: .relaxed) }
    add(.create(bytes: count))
    try file.allocate(count)
  }

  func truncate(to count: Int) throws(SystemError) {
    add(.truncate(count))
    try file.truncate(to: count)
  }

  func size() throws(SystemError) -> Int { try file.size() }

  private func add(_ action: RecordingDisk.Operation.Action) {
    let file = number.load(ordering: .relaxed)
    if file > 0 { record.add(RecordingDisk.Operation(file: file, action: action)) }
  }
}
