import CLinux
import Glibc
package import Bytes

/// A program of somebody else's that we started: its standard input, output and error output are pipes of ours, which
/// never make us wait. It is alone with its descendants in a process group, and killed when the last reference goes.
/// One owner, one thread.
package final class ChildProcess {
  package let identifier: Int
  private var input: FileDescriptor?
  private var output: FileDescriptor?
  private var errorOutput: FileDescriptor?
  private var end: ProcessEnd?

  /// Starts `command`, a program (found in PATH where it has no `/`) and its arguments.
  package init(_ command: [String]) throws(SystemError) {
    precondition(!command.isEmpty)
    // A child that has gone must show as a failed write, not take us with it.
    CurrentProcess.ignoreClosedPipes()
    let toChild = try Pipe()
    let fromChild = try Pipe()
    let errorsFromChild = try Pipe()
    try toChild.writing.setNonBlocking()
    try fromChild.reading.setNonBlocking()
    try errorsFromChild.reading.setNonBlocking()
    var process: pid_t = 0
    var arguments = command.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    let code = linux_spawn(
      &arguments, toChild.reading.raw, fromChild.writing.raw, errorsFromChild.writing.raw, &process)
    guard code == 0 else { throw SystemError("start", command[0], errno: code) }
    identifier = Int(process)
    input = toChild.takeWriting()
    output = fromChild.takeReading()
    errorOutput = errorsFromChild.takeReading()
  }

  deinit {
    kill()
  }

  /// What the child did last: nothing has been waited for.
  package struct Readiness: Sendable {
    /// Its input takes more, or is closed.
    package var canWrite = false
    /// It has written to its output, or closed it.
    package var canRead = false
    /// It has written to its error output, or closed it.
    package var canReadErrors = false
    /// `wakeUp` was signalled; it has not been acknowledged.
    package var isWoken = false
  }

  /// Sleeps until the child has done something, `wakeUp` is signalled, or `milliseconds` have passed (negative: without
  /// end).
  /// - Parameter forRoom: whether there is something to write.
  package func wait(forRoom: Bool, wakeUp: WakeUp?, milliseconds: Int) -> Readiness {
    // poll(2) passes over negative descriptors.
    var polls = [
      pollfd(fd: forRoom ? raw(input) : -1, events: Int16(POLLOUT), revents: 0),
      pollfd(fd: raw(output), events: Int16(POLLIN), revents: 0),
      pollfd(fd: raw(errorOutput), events: Int16(POLLIN), revents: 0),
      pollfd(fd: wakeUp?.descriptor ?? -1, events: Int16(POLLIN), revents: 0),
    ]
    guard Glibc.poll(&polls, nfds_t(polls.count), CInt(clamping: milliseconds)) > 0 else { return Readiness() }
    return Readiness(
      canWrite: polls[0].revents != 0, canRead: polls[1].revents != 0, canReadErrors: polls[2].revents != 0,
      isWoken: polls[3].revents != 0)
  }

  private func raw(_ descriptor: borrowing FileDescriptor?) -> CInt {
    switch descriptor {
    case .some(let open): open.raw
    case nil: -1
    }
  }
}

// The pipes.
extension ChildProcess {
  /// Writes to the child's input what it takes now.
  package func write(_ bytes: RawSpan) -> IOResult {
    input?.write(bytes) ?? .failed(EPIPE)
  }

  /// Tells the child that no more will come.
  package func closeInput() {
    input = nil
  }

  /// Appends what the child has written to its output, at most `limit` bytes.
  package func readOutput(into writer: inout ByteWriter, upTo limit: Int = 64 << 10) -> IOResult {
    let result = read(output, into: &writer, upTo: limit)
    if result.isEnd { output = nil }
    return result
  }

  /// Appends what the child has written to its error output, at most `limit` bytes.
  package func readErrors(into writer: inout ByteWriter, upTo limit: Int = 16 << 10) -> IOResult {
    let result = read(errorOutput, into: &writer, upTo: limit)
    if result.isEnd { errorOutput = nil }
    return result
  }

  private func read(_ descriptor: borrowing FileDescriptor?, into writer: inout ByteWriter, upTo limit: Int) -> IOResult
  {
    switch descriptor {
    case .some(let open):
      var result = IOResult.wouldBlock
      _ = writer.append(upTo: limit) { room in
        result = open.read(into: room)
        if case .moved(let count) = result { return count }
        return 0
      }
      return result
    case nil:
      return .endOfStream
    }
  }
}

// The end.
extension ChildProcess {
  /// How the child ended; nil while it runs.
  package func poll() -> ProcessEnd? {
    reap(WNOHANG)
  }

  /// Sleeps until the child has ended, at most `milliseconds`; nil if it has not.
  package func waitForEnd(milliseconds: Int, time: any TimeSource) -> ProcessEnd? {
    let deadline = time.monotonicNanoseconds() + Int64(milliseconds) * 1_000_000
    while true {
      if let end = poll() { return end }
      guard time.monotonicNanoseconds() < deadline else { return nil }
      time.sleep(milliseconds: 5)
    }
  }

  /// Asks the child and its descendants to end (SIGTERM).
  package func terminate() {
    if end == nil { Glibc.kill(-pid_t(identifier), SIGTERM) }
  }

  /// Ends the child and its descendants at once, and waits for it.
  @discardableResult
  package func kill() -> ProcessEnd {
    // The group first, while the child, even dead, keeps its number from being given to another.
    if end == nil { Glibc.kill(-pid_t(identifier), SIGKILL) }
    return reap(0) ?? .unknown
  }

  private func reap(_ options: CInt) -> ProcessEnd? {
    if let end { return end }
    var status: CInt = 0
    while true {
      let result = waitpid(pid_t(identifier), &status, options)
      if result == 0 { return nil }
      if result > 0 {
        end = ProcessEnd(waitStatus: status)
        return end
      }
      if errno == EINTR { continue }
      end = .unknown
      return end
    }
  }
}

extension IOResult {
  fileprivate var isEnd: Bool {
    switch self {
    case .endOfStream, .failed: true
    case .moved, .wouldBlock: false
    }
  }
}

/// The two ends of a pipe that no child inherits.
private struct Pipe: ~Copyable {
  let reading: FileDescriptor
  let writing: FileDescriptor

  init() throws(SystemError) {
    var ends: [CInt] = [-1, -1]
    _ = try retryingInterrupts("pipe") { linux_pipe(&ends) }
    reading = FileDescriptor(owning: ends[0])
    writing = FileDescriptor(owning: ends[1])
  }

  consuming func takeReading() -> FileDescriptor { reading }

  consuming func takeWriting() -> FileDescriptor { writing }
}
