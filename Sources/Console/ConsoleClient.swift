import Bytes
package import Platform
package import Wire

/// Asks a running daemon through its Unix socket.
package enum ConsoleClient {
  /// The answer to `GET path`, or another method; nil where what came back is no whole answer.
  package static func ask(
    _ path: String, method: String = "GET", socket: String, timeoutSeconds: Int = 5
  ) throws(SystemError) -> HTTPResponse? {
    let connection = try LocalSocket.connect(socket, timeoutSeconds: timeoutSeconds)
    var buffer = ByteWriter(capacity: 64 << 10)
    buffer.append("\(method) \(path) HTTP/1.1\r\nHost: forebay\r\nConnection: close\r\n\r\n")
    guard case .moved(buffer.count) = connection.send(buffer.bytes) else { return nil }
    buffer.removeAll()
    while true {
      var result = IOResult.endOfStream
      _ = buffer.append(upTo: 16 << 10) { room in
        result = connection.read(into: room)
        if case .moved(let count) = result { return count }
        return 0
      }
      guard case .moved = result else { return HTTPResponse.parse(buffer.bytes) }
    }
  }
}
