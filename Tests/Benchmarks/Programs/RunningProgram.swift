import Platform

/// A program that this one has started: a process of its own, what it says goes to a file. Killed when the last reference
/// goes.
final class RunningProgram {
  let name: String
  private let child: ChildProcess
  /// Kills it where this program ends without a chance to: the pipe between them is closed then.
  private let guardian: ChildProcess
  private let journal: String

  /// - Parameter journal: where what it says goes; made here, removed by the caller.
  init(_ name: String, _ command: [String], journal: String) throws {
    self.name = name
    self.journal = journal
    // Through the shell, so that no pipe fills up; `exec` keeps the process the same.
    child = try ChildProcess(["/bin/sh", "-c", "exec \"$@\" >\"$0\" 2>&1", journal] + command)
    guardian = try ChildProcess(["/bin/sh", "-c", "read line; kill -KILL -$0", "\(child.identifier)"])
  }

  deinit {
    // Before its number can be another's.
    guardian.kill()
  }

  var identifier: Int { child.identifier }

  /// User and system time of all its threads so far.
  func processorSeconds() throws -> Double { try ProcessorTime.seconds(of: child.identifier) }

  /// Bytes.
  func residentMemory() throws -> Int { try ResidentMemory.current(of: child.identifier) }

  /// What it has said so far, as far as that is not very much.
  var output: String { (try? FileSystem.read(journal)).map { String(decoding: $0, as: UTF8.self) } ?? "" }

  /// Looks every two milliseconds whether `condition` holds.
  /// - Parameter what: what is waited for, for the error where it does not come.
  func wait(seconds: Double, for what: String, _ condition: () throws -> Bool) throws {
    let watch = Stopwatch()
    while true {
      try Interruption.check()
      try checkRunning()
      if try condition() { return }
      guard watch.seconds < seconds else { throw failure("after \(seconds.short) s: still no \(what)") }
      SystemTime().sleep(milliseconds: 2)
    }
  }

  func waitUntilListening(port: UInt16) throws {
    try wait(seconds: 20, for: "connection taken at port \(port)") {
      (try? OutgoingSocket.stream(to: "127.0.0.1:\(port)", timeoutSeconds: 1)) != nil
    }
  }

  /// Throws where it has ended.
  func checkRunning() throws(BenchmarkError) {
    if let end = child.poll() { throw failure("ended (\(end))") }
  }

  /// Waits for the end and throws where that is not a success.
  func waitForSuccess() throws {
    while child.poll() == nil {
      try Interruption.check()
      _ = child.waitForEnd(milliseconds: 100, time: SystemTime())
    }
    guardian.kill()
    guard child.poll() == .exited(0) else { throw failure("failed") }
  }

  /// Asks it to end, and waits; kills it where it does not.
  func stop() {
    guardian.kill()
    child.terminate()
    if child.waitForEnd(milliseconds: 10_000, time: SystemTime()) == nil { child.kill() }
  }

  /// Ends it at once, as a power cut does.
  func kill() {
    guardian.kill()
    child.kill()
  }

  func failure(_ what: String) -> BenchmarkError {
    .cannotMeasure("\(name) \(what); it said:\n\(output.suffix(2000))")
  }
}
