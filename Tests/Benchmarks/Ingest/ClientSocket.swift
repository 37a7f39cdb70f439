import Glibc
import Platform

/// A client's connection to a server: made, and its first answers awaited, in order; from then on it does not wait.
enum ClientSocket {
  /// Connects over loopback and waits for the CONNACK.
  static func connect(port: UInt16, clientID: String) throws -> FileDescriptor {
    let socket = try OutgoingSocket.stream(to: "127.0.0.1:\(port)", timeoutSeconds: 10)
    var on: CInt = 1
    setsockopt(socket.raw, CInt(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<CInt>.size))
    try introduce(socket, clientID)
    return socket
  }

  /// The same over a Unix socket.
  static func connect(path: String, clientID: String) throws -> FileDescriptor {
    let socket = try LocalSocket.connect(path, timeoutSeconds: 10)
    try introduce(socket, clientID)
    return socket
  }

  private static func introduce(_ socket: borrowing FileDescriptor, _ clientID: String) throws {
    let answer = try exchange(socket, ClientPackets.connect(clientID), answerBytes: 4)
    guard answer == [0x20, 2, 0, 0] else {
      throw BenchmarkError.cannotMeasure("the server refused a connection (CONNACK \(answer))")
    }
  }

  /// Subscribes and waits for the SUBACK.
  static func subscribe(_ socket: borrowing FileDescriptor, _ filter: String) throws {
    let answer = try exchange(socket, ClientPackets.subscribe(filter), answerBytes: 5)
    guard answer == [0x90, 3, 0, 1, 0] else {
      throw BenchmarkError.cannotMeasure("the server refused a subscription (SUBACK \(answer))")
    }
  }

  private static func exchange(
    _ socket: borrowing FileDescriptor, _ request: [UInt8], answerBytes: Int
  ) throws -> [UInt8] {
    _ = socket.send(request.span.bytes)
    var answer: [UInt8] = []
    while answer.count < answerBytes {
      try Interruption.check()
      var room = [UInt8](repeating: 0, count: answerBytes - answer.count)
      let result = room.withUnsafeMutableBytes { socket.read(into: $0) }
      guard case .moved(let count) = result else {
        throw BenchmarkError.cannotMeasure("the server did not answer a client (\(result))")
      }
      answer += room.prefix(count)
    }
    return answer
  }
}
