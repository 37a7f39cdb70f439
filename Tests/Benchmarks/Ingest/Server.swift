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
  private let program: RunningProgram

  /// Starts it and waits until it takes connections.
  /// - Parameter directory: its own; made here, removed by the caller.
  init(_ kind: Kind, directory: String) throws {
    self.kind = kind
    try LocalDisk().createDirectory(directory)
    port = try FreePort.tcp()
    udpPort = try FreePort.udp()
    let command = try Self.command(kind, directory, port: port, udpPort: udpPort)
    program = try RunningProgram(kind.rawValue, command, journal: directory + "/journal")
    try program.waitUntilListening(port: port)
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
      try server.program.checkRunning()
      throw error
    }
  }

  /// User and system time of all its threads so far.
  func processorSeconds() throws -> Double { try program.processorSeconds() }

  /// Bytes.
  func residentMemory() throws -> Int { try program.residentMemory() }

  func stop() { program.stop() }
}

// What is started.
extension Server {
  private static func command(
    _ kind: Kind, _ directory: String, port: UInt16, udpPort: UInt16
  ) throws -> [String] {
    switch kind {
    case .forebay:
      let file = try Programs.write(
        daemonConfiguration(directory, port: port, udpPort: udpPort), to: directory + "/forebay.json5")
      return [try Programs.daemon(), "run", "--config", file]
    case .reference:
      return [CurrentProcess.executablePath, ReferenceServer.command, directory + "/data", "\(port)", "\(udpPort)"]
    case .mosquitto:
      let lines = ["listener \(port) 127.0.0.1", "allow_anonymous true"] + (getuid() == 0 ? ["user root"] : [])
      let file = try Programs.write(lines.joined(separator: "\n") + "\n", to: directory + "/mosquitto.conf")
      return [Programs.mosquitto ?? "mosquitto", "-c", file]
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
}
