import Glibc
import Platform
import Support
import Testing

struct DirectoryLockTests {
  private let directory = TemporaryDirectory()
  private var path: String { directory.path + "/lock" }

  private func isTaken() throws -> Bool {
    guard case .acquired = try DirectoryLock.acquire(path) else { return false }
    return true
  }

  @Test func `a lock that is held names its holder`() throws {
    let lock = try DirectoryLock.acquire(path)
    guard case .heldBy(let process) = try DirectoryLock.acquire(path) else {
      Issue.record("taken twice")
      return
    }
    #expect(process == Int(getpid()))
    withExtendedLifetime(lock) {}
  }

  @Test func `a lock given back is free although a child on its way into being has its descriptor too`() throws {
    var copy: Int32 = -1
    defer { close(copy) }
    do {
      let lock = try DirectoryLock.acquire(path)
      copy = dup(try #require(descriptor()))
      withExtendedLifetime(lock) {}
    }
    #expect(try isTaken())
  }

  /// The descriptor of this process that the lock file is open on.
  private func descriptor() -> Int32? {
    (0..<4096).first { number in
      var target = [CChar](repeating: 0, count: 4096)
      let count = readlink("/proc/self/fd/\(number)", &target, target.count)
      return count > 0 && String(decoding: target[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) == path
    }
  }
}
