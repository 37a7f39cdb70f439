import Console
import Platform

extension ConsoleConfiguration {
  /// `console: { listen: "127.0.0.1:8610", socket: "/run/forebay/console.sock" }`
  init(_ section: ConfigurationSection?, data: String) {
    self.init(socket: Self.defaultSocket(data: data))
    guard let section else { return }
    if section.isNull("listen") {
      listen = nil
    } else if let address = section.string("listen") {
      section.checkAddress("listen", address)
      listen = address
      isListenRequired = true
    }
    socket = section.string("socket", default: socket)
    if section.has("socket"), socket.utf8.count > LocalSocket.maximumPathBytes {
      section.reject(
        "socket", "is \(socket.utf8.count) bytes long; write a path of at most \(LocalSocket.maximumPathBytes) bytes")
    }
    section.finish()
  }

  /// Where the Unix socket is unless `console.socket` says otherwise.
  package static func defaultSocket(data: String) -> String { data + "/console.sock" }
}
