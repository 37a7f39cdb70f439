import Bytes
import Glibc
import Platform
import Support
import Testing

struct LocalDiskTests {
  private let directory = TemporaryDirectory()
  private let disk = LocalDisk()

  @Test func `what is written is read, at any offset`() throws {
    let file = try disk.open(directory.path + "/f", .create)
    try file.write("hello".utf8.span.bytes, at: 3)
    #expect(try file.size() == 8)
    var buffer = ByteWriter()
    let count = try buffer.append(upTo: 100) { room throws(SystemError) in try file.read(into: room, at: 2) }
    #expect(count == 6)
    #expect(buffer.array == [0] + Array("hello".utf8))
    try file.allocate(10_000)
    #expect(try file.size() == 10_000)
    try file.truncate(to: 4)
    #expect(try file.size() == 4)
    try file.sync()
  }

  @Test func `a missing file and an existing one are told apart`() throws {
    let path = directory.path + "/f"
    let missing = #expect(throws: SystemError.self) { _ = try disk.open(path, .read) }
    #expect(missing?.isNotFound == true)
    #expect(missing?.description == "open \(path): No such file or directory")
    _ = try disk.open(path, .create)
    let existing = #expect(throws: SystemError.self) { _ = try disk.open(path, .create) }
    #expect(existing?.errno == EEXIST)
  }

  @Test func `directories are made with those above them, and listed in order`() throws {
    let path = directory.path + "/a/b/c"
    try disk.createDirectory(path)
    try disk.createDirectory(path)
    for name in ["z", "a", "m"] { _ = try disk.open("\(path)/\(name)", .create) }
    #expect(try disk.list(path) == ["a", "m", "z"])
    #expect(try disk.list(path + "/none") == [])
    try disk.rename(path + "/z", to: path + "/b")
    try disk.remove(path + "/m")
    try disk.syncDirectory(path)
    #expect(try disk.list(path) == ["a", "b"])
  }

  @Test func `a lock is held once and names its holder`() throws {
    let path = directory.path + "/lock"
    guard case .acquired(let lock) = try disk.lock(path) else {
      Issue.record("not acquired")
      return
    }
    guard case .heldBy(let process) = try disk.lock(path) else {
      Issue.record("acquired twice")
      return
    }
    #expect(process == Int(getpid()))
    withExtendedLifetime(lock) {}
  }

  @Test func `the space of a file system is known`() throws {
    let (free, total) = try disk.space(directory.path)
    #expect(free > 0 && free <= total)
  }
}
