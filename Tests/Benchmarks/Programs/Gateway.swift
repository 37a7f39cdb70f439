import Console
import JSON5
import Platform
import Wire

/// The daemon with uplinks, on a data directory that may have been there before. Ended when the last reference goes.
final class Gateway {
  static let name = "benchmark"

  let port: UInt16
  /// Its data directory.
  let data: String
  let program: RunningProgram
  private let socket: String
  /// Where it takes MQTT clients besides its port.
  let mqttSocket: String

  /// Starts it and waits until it answers.
  /// - Parameters:
  ///   - data: its data directory; made if missing, left to the caller.
  ///   - uplinks: members of `uplinks`, JSON5.
  ///   - directory: its own; made here, removed by the caller.
  init(data: String, uplinks: [String], directory: String) throws {
    self.data = data
    try LocalDisk().createDirectory(directory)
    port = try FreePort.tcp()
    socket = directory + "/console.sock"
    mqttSocket = directory + "/mqtt.sock"
    let file = try Programs.write(
      """
      {
        gateway: "\(Self.name)",
        data: "\(data)",
        mqtt: { listen: ["127.0.0.1:\(port)", "unix:\(mqttSocket)"] },
        // What waits must not be dropped for want of room.
        log: { maxBytes: "1 TiB" },
        uplinks: [\(uplinks.joined(separator: ", "))],
        console: { listen: null, socket: "\(socket)" },
      }
      """, to: directory + "/forebay.json5")
    program = try RunningProgram(
      "forebay", [try Programs.daemon(), "run", "--config", file], journal: directory + "/journal")
    let socket = socket
    try program.wait(seconds: 20, for: "answer at \(socket)") {
      (try? ConsoleClient.ask("/healthz", socket: socket))?.status == .ok
    }
  }

  /// Runs `body` with a daemon that is gone afterwards.
  static func with<Result>(
    data: String, uplinks: [String], _ scratch: borrowing ScratchDirectory, _ body: (Gateway) throws -> Result
  ) throws -> Result {
    try Interruption.check()
    defer { scratch.remove("gateway") }
    let gateway = try Gateway(data: data, uplinks: uplinks, directory: scratch.path("gateway"))
    defer { gateway.program.stop() }
    do {
      return try body(gateway)
    } catch {
      try gateway.program.checkRunning()
      throw error
    }
  }

  /// User and system time of all its threads so far.
  func processorSeconds() throws -> Double { try program.processorSeconds() }

  /// Bytes.
  func residentMemory() throws -> Int { try program.residentMemory() }
}

// The uplinks.
extension Gateway {
  func uplink(_ name: String) throws -> UplinkReport {
    guard let uplink = try uplinks()[name] else { throw program.failure("has no uplink \(name)") }
    return uplink
  }

  /// All of them at one time, by their names.
  func uplinks() throws -> [String: UplinkReport] {
    guard let answer = try ConsoleClient.ask("/api/v1/status", socket: socket), answer.status == .ok,
      let report = try? JSON5Parser.parse(answer.body)
    else { throw program.failure("does not say how it is") }
    return UplinkReport.all(in: report)
  }

  /// `retry`, `pause` or `resume`.
  func order(_ action: String, _ uplink: String) throws {
    let answer = try ConsoleClient.ask("/api/v1/uplinks/\(uplink)/\(action)", method: "POST", socket: socket)
    guard answer?.status == .ok else { throw program.failure("does not \(action) its uplink \(uplink)") }
  }

  /// Pauses the uplink and waits until it is disconnected.
  /// - Returns: how it stands.
  func pause(_ uplink: String) throws -> UplinkReport {
    try order("pause", uplink)
    return try wait(for: "pause", of: uplink) { $0.state == "paused" }
  }

  /// Asks every few milliseconds until `condition` holds.
  /// - Parameter what: what is waited for, for the error where it does not come.
  func wait(
    seconds: Double = 60, for what: String, of uplink: String, _ condition: (UplinkReport) -> Bool
  ) throws -> UplinkReport {
    var last = try self.uplink(uplink)
    guard !condition(last) else { return last }
    do {
      try program.wait(seconds: seconds, for: what) {
        last = try self.uplink(uplink)
        return condition(last)
      }
    } catch let error as BenchmarkError {
      guard case .cannotMeasure(let text) = error else { throw error }
      throw BenchmarkError.cannotMeasure("\(text)\n\(last)")
    }
    return last
  }
}
