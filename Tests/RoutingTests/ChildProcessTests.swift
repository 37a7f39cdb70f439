import Bytes
import Glibc
import Platform
import Testing

/// With real children; each test waits ten seconds at the most.
struct ChildProcessTests {
  private let time = SystemTime()

  private func end(_ child: ChildProcess) -> ProcessEnd? { child.waitForEnd(milliseconds: 10_000, time: time) }

  private func output(of child: ChildProcess) throws -> String {
    var writer = ByteWriter()
    let never = try WakeUp()
    while true {
      switch child.readOutput(into: &writer) {
      case .moved: continue
      case .wouldBlock:
        guard child.wait(forRoom: false, wakeUp: never, milliseconds: 10_000).canRead else { return "(nothing came)" }
      case .endOfStream, .failed: return writer.bytes.text
      }
    }
  }

  @Test func `what is written to a child comes out of it, and its end is seen`() throws {
    let child = try ChildProcess(["cat"])
    #expect(child.poll() == nil)
    #expect(child.write("hello".utf8.span.bytes) == .moved(5))
    child.closeInput()
    #expect(try output(of: child) == "hello")
    #expect(end(child) == .exited(0))
  }

  @Test(arguments: [
    ("exit 3", ProcessEnd.exited(3), "exit status 3"),
    ("kill -9 $$", .killed(signal: 9), "killed by signal 9 (Killed)"),
  ])
  func `how it ended`(script: String, expected: ProcessEnd, words: String) throws {
    let child = try ChildProcess(["sh", "-c", script])
    #expect(end(child) == expected)
    #expect(expected.description == words)
  }

  @Test func `a program that is not there, or may not be run, says so`() {
    #expect(throws: SystemError("start", "/nowhere/siren", errno: ENOENT)) { _ = try ChildProcess(["/nowhere/siren"]) }
    #expect(throws: SystemError("start", "no-such-program-siren", errno: ENOENT)) {
      _ = try ChildProcess(["no-such-program-siren"])
    }
    #expect(throws: SystemError("start", "/etc/passwd", errno: EACCES)) { _ = try ChildProcess(["/etc/passwd"]) }
  }

  @Test func `a child gets three descriptors, no blocked signal, and a group of its own`() throws {
    let keptOpen = open("/dev/null", O_RDONLY)
    defer { close(keptOpen) }
    var blocked = sigset_t()
    sigemptyset(&blocked)
    sigaddset(&blocked, SIGTERM)
    var before = sigset_t()
    pthread_sigmask(SIG_BLOCK, &blocked, &before)
    // Each is a program of its own: a shell has descriptors and blocked signals of its own from time to time.
    let descriptors = try ChildProcess(["ls", "/proc/self/fd"])
    let group = try ChildProcess(["cut", "-d ", "-f5", "/proc/self/stat"])
    let signals = try ChildProcess(["grep", "Sig", "/proc/self/status"])
    pthread_sigmask(SIG_SETMASK, &before, nil)
    // 3 is the directory that is being listed.
    #expect(try output(of: descriptors) == "0\n1\n2\n3\n")
    #expect(try output(of: group) == "\(group.identifier)\n")
    let lines = try output(of: signals).split(separator: "\n").map(String.init)
    #expect(lines.contains("SigBlk:\t0000000000000000"))
    // 32 and 33 are the C library's own.
    let ignored = try #require(lines.first { $0.hasPrefix("SigIgn:") }?.split(separator: "\t").last)
    #expect(UInt64(ignored, radix: 16)! & ~(3 << 31) == 0)
  }

  @Test func `a child that reads no more is an error, not a signal`() throws {
    let child = try ChildProcess(["true"])
    _ = end(child)
    #expect(child.write("x".utf8.span.bytes) == .failed(EPIPE))
  }

  @Test func `descendants are killed with the child`() throws {
    var child: ChildProcess? = try ChildProcess(["sh", "-c", "sleep 1000 & echo $!; wait"])
    var writer = ByteWriter()
    let never = try WakeUp()
    while writer.bytes.text.last != "\n", child!.wait(forRoom: false, wakeUp: never, milliseconds: 10_000).canRead {
      _ = child!.readOutput(into: &writer)
    }
    let descendant = try #require(Int32(writer.bytes.text.dropLast()))
    #expect(kill(descendant, 0) == 0)
    child = nil
    // It is not ours to wait for: it is gone, or dead and about to be.
    let deadline = time.monotonicNanoseconds() + 10_000_000_000
    while kill(descendant, 0) == 0, time.monotonicNanoseconds() < deadline, !isDead(descendant) { sched_yield() }
    #expect(kill(descendant, 0) != 0 || isDead(descendant))
  }

  private func isDead(_ process: Int32) -> Bool {
    guard let bytes = try? FileSystem.read("/proc/\(process)/stat") else { return true }
    return String(decoding: bytes, as: UTF8.self).contains(") Z ")
  }

  @Test func `the wake-up ends the wait`() throws {
    let child = try ChildProcess(["cat"])
    let wakeUp = try WakeUp()
    wakeUp.signal()
    #expect(child.wait(forRoom: false, wakeUp: wakeUp, milliseconds: 10_000).isWoken)
    #expect(child.wait(forRoom: true, wakeUp: nil, milliseconds: 10_000).canWrite)
  }
}
