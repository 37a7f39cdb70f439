/// Where to listen: `0.0.0.0:1883`, `[::]:1883`, `localhost:0`, or `unix:/run/forebay/mqtt.sock`.
package enum ListenAddress: Hashable, Sendable, CustomStringConvertible {
  case network(SocketAddress)
  /// The path of a Unix socket.
  case local(String)

  private static let localPrefix = "unix:"

  /// Nil where `text` has none of these forms or names a host that is not known. A path's length is the kernel's to judge.
  package init?(_ text: String) {
    if text.hasPrefix(Self.localPrefix) {
      let path = text.dropFirst(Self.localPrefix.count)
      guard !path.isEmpty, !path.utf8.contains(0) else { return nil }
      self = .local(String(path))
    } else {
      guard let address = SocketAddress(text) else { return nil }
      self = .network(address)
    }
  }

  /// As it is read.
  package var description: String {
    switch self {
    case .network(let address): "\(address)"
    case .local(let path): Self.localPrefix + path
    }
  }

  /// The port; 0 for a Unix socket, which has none.
  package var port: UInt16 {
    switch self {
    case .network(let address): address.port
    case .local: 0
    }
  }
}
