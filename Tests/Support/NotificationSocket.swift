import Glibc

/// The far end of sd_notify(3).
package final class NotificationSocket {
  /// For `NOTIFY_SOCKET`.
  package let path: String
  private let socket: Int32

  package init(in directory: TemporaryDirectory) throws {
    path = "\(directory.path)/notify.\(UInt32.random(in: 0..<UInt32.max))"
    socket = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard bound == 0 else { throw TestFailure("bind \(path): \(String(cString: strerror(errno)))") }
  }

  deinit { close(socket) }

  /// Whether the daemon has sent a message with that line since the last call.
  package func hasReceived(_ line: String) -> Bool {
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = recv(socket, &buffer, buffer.count, 0)
      guard count > 0 else { return false }
      if String(decoding: buffer.prefix(count), as: UTF8.self).contains(line) { return true }
    }
  }
}
