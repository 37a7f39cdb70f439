import Glibc
import Platform

/// A server under load: a process of its own, with its data in the scratch directory. Ended when the last reference goes.
final class Server {
  enum Kind: String {
    /// The daemon.
    case forebay
    /// `ReferenceServer`, run by this program once more.
    case reference
    case mosquitto
  }

  let kind: Kind
  let port: UInt16
  let udpPort: UInt16
  private let child: ChildProcess
  private let journal: String

  /// Starts it and waits until it takes connections.
  /// - Parameter directory: its own; made here, removed by the caller.
  init(_ kind: Kind, directory: String) throws {
    self.kind = kind
    try LocalDisk().createDirectory(directory)
    port = try FreePort.tcp()
    udpPort = try FreePort.udp()
    journal = directory + "/journal"
    let command = try Self.command(kind, directory, port: port, udpPort: udpPort)
    // Through the shell, so that what it says goes to a file and no pipe fills up; `exec` keeps the process the same.
    child = try ChildProcess(["/bin/sh", "-c", "exec \"$@\" >\"$0\" 2>&1", journal] + command)
    try waitUntilListening()
  }

  /// Runs `body` with a server that is gone, with its data, afterwards.
  static func with<Result>(
    _ kind: Kind, _ scratch: borrowing ScratchDirectory, _ body: (Server) throws -> Result
  ) throws -> Result {
    try Interruption.check()
    defer { scratch.remove("server") }
    let server = try Server(kind, directory: scratch.path("server"))
    defer { server.stop() }
    do {
      return try body(server)
    } catch {
      if let end = server.child.poll() { throw server.failure("ended during the measurement (\(end))") }
      throw error
    }
  }

  /// User and system time of all its threads so far.
  func processorSeconds() throws -> Double { try ProcessorTime.seconds(of: child.identifier) }

  /// Bytes.
  func residentMemory() throws -> Int { try ResidentMemory.current(of: child.identifier) }

  func stop() {
    child.terminate()
    if child.waitForEnd(milliseconds: 10_000, time: SystemTime()) == nil { child.kill() }
  }

  private func waitUntilListening() throws {
    let watch = Stopwatch()
    while true {
      try Interruption.check()
      if let end = child.poll() { throw failure("did not start (\(end))") }
      if (try? OutgoingSocket.stream(to: "127.0.0.1:\(port)", timeoutSeconds: 1)) != nil { return }
      guard watch.seconds < 20 else { throw failure("takes no connections after 20 s") }
      SystemTime().sleep(milliseconds: 10)
    }
  }

  private func failure(_ what: String) -> BenchmarkError {
    let said = (try? FileSystem.read(journal)).map { String(decoding: $0.suffix(2000), as: UTF8.self) } ?? ""
    return .cannotMeasure("\(kind) \(what); it said:\n\(said)")
  }
}

// What is started.
extension Server {
  private static func command(
    _ kind: Kind, _ directory: String, port: UInt16, udpPort: UInt16
  ) throws -> [String] {
    switch kind {
    case .forebay:
      let file = try write(
        daemonConfiguration(directory, port: port, udpPort: udpPort), to: directory + "/forebay.json5")
      return [try daemonPath(), "run", "--config", file]
    case .reference:
      return [CurrentProcess.executablePath, ReferenceServer.command, directory + "/data", "\(port)", "\(udpPort)"]
    case .mosquitto:
      let lines = ["listener \(port) 127.0.0.1", "allow_anonymous true"] + (getuid() == 0 ? ["user root"] : [])
      let file = try write(lines.joined(separator: "\n") + "\n", to: directory + "/mosquitto.conf")
      return [mosquittoPath ?? "mosquitto", "-c", file]
    }
  }

  /// Everything else is as an operator has it.
  private static func daemonConfiguration(_ directory: String, port: UInt16, udpPort: UInt16) -> String {
    """
    {
      gateway: "benchmark",
      data: "\(directory)/data",
      mqtt: { listen: ["127.0.0.1:\(port)"] },
      udp: [{ listen: "127.0.0.1:\(udpPort)" }],
      console: { listen: null },
    }
    """
  }

  private static func daemonPath() throws -> String {
    let path =
      String(
        CurrentProcess.executablePath.split(separator: "/", omittingEmptySubsequences: false)
          .dropLast().joined(separator: "/")) + "/forebay"
    guard FileSystem.exists(path) else {
      throw BenchmarkError.cannotMeasure("there is no \(path); build it first: swift build -c release")
    }
    return path
  }

  /// Nil where it is not installed.
  static var mosquittoPath: String? {
    ["/usr/sbin/mosquitto", "/usr/bin/mosquitto", "/usr/local/sbin/mosquitto"].first(where: FileSystem.exists)
  }

  private static func write(_ text: String, to path: String) throws -> String {
    let file = try LocalDisk().open(path, .create)
    try file.write(Array(text.utf8).span.bytes, at: 0)
    return path
  }
}
