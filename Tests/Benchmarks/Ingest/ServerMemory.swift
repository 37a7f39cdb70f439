import Platform

/// How much memory the daemon has in use: with nothing to do, under load, and for connections that are only there.
enum ServerMemory {
  private static let publishing = 500
  private static let idle = 3000
  /// The first connections also fill what all share.
  private static let first = 100

  static func measure(_ scratch: borrowing ScratchDirectory, _ options: Options, _ table: inout Table) throws {
    var atRest: [Double] = []
    var publishing: [Double] = []
    var perConnection: [Double] = []
    for _ in 0..<3 {
      try Server.with(.forebay, scratch) { server in
        SystemTime().sleep(milliseconds: 500)
        atRest.append(Double(try server.residentMemory()))
        publishing.append(try underLoad(server, seconds: options.isQuick ? 1 : 4))
      }
      try Server.with(.forebay, scratch) { perConnection.append(try ofIdleConnection($0)) }
    }
    table.add(memory("resident, idle", Samples(atRest), .atMost(20)))
    table.add(memory("resident, \(self.publishing) publishing", Samples(publishing), .atMost(48)))
    let each = Samples(perConnection.map { $0 / 1024 })
    table.add(
      Row(
        name: "each further idle connection", measured: "\(each.median.short) KiB", judged: each, target: .atMost(3),
        unit: "KiB"))
  }

  private static func memory(_ name: String, _ bytes: Samples, _ target: Row.Target) -> Row {
    let mebibytes = Samples([bytes.minimum, bytes.median, bytes.maximum].map { $0 / 1_048_576 })
    return Row(name: name, measured: bytes.median.mebibytes, judged: mebibytes, target: target, unit: "MiB")
  }

  /// While the connections are still there.
  private static func underLoad(_ server: Server, seconds: Double) throws -> Double {
    let load = try PublishingLoad(port: server.port, clients: publishing, window: 10, payloadBytes: 100)
    var most = 0
    for _ in 0..<4 {
      _ = try load.saturate(seconds: seconds / 4)
      most = max(most, try server.residentMemory())
    }
    return Double(most)
  }

  private static func ofIdleConnection(_ server: Server) throws -> Double {
    let some = try IdleClients(port: server.port, count: first)
    let before = try server.residentMemory()
    let more = try IdleClients(port: server.port, count: idle)
    let after = try server.residentMemory()
    withExtendedLifetime((some, more)) {}
    return Double(after - before) / Double(idle)
  }
}

/// Clients that have connected and do nothing.
private final class IdleClients {
  private var sockets: [CInt] = []

  init(port: UInt16, count: Int) throws {
    for number in 0..<count {
      let socket = try ClientSocket.connect(port: port, clientID: "idle-\(ObjectIdentifier(self).hashValue)-\(number)")
      sockets.append(socket.release())
    }
  }

  deinit {
    for socket in sockets { _ = FileDescriptor(owning: socket) }
  }
}
