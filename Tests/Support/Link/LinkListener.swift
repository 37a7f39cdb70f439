import Glibc
import Platform

/// The near end of the line, where clients connect. Owned by one thread; refuses them from the last reference on.
final class LinkListener {
  private let socket: ListeningSocket

  init(port: Int) throws {
    socket = try ListeningSocket(SocketAddress("127.0.0.1:\(port)")!)
    // As on a real line, little is acknowledged that is not passed on, and it comes in packets. Connections inherit both.
    try LinkSocket.setOption(socket.descriptor, SOL_SOCKET, SO_RCVBUF, 8 << 10)
    try LinkSocket.setOption(socket.descriptor, CInt(IPPROTO_TCP), TCP_MAXSEG, 1448)
  }

  var descriptor: CInt { socket.descriptor }

  /// The next client that waits.
  func accept() -> LinkSocket? {
    guard case .connection(let descriptor, _) = socket.accept() else { return nil }
    return LinkSocket(descriptor)
  }
}
