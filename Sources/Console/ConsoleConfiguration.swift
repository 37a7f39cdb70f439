/// Where the console listens.
package struct ConsoleConfiguration: Hashable, Sendable {
  /// The path of the Unix socket. `console.socket`
  package var socket: String
  /// The TCP address; nil: none. `console.listen`
  package var listen: String? = defaultListen
  /// Whether somebody asked for the address. The default one may be taken: then there is a warning and no TCP.
  package var isListenRequired = false

  package static let defaultListen = "127.0.0.1:8610"

  package init(socket: String) {
    self.socket = socket
  }
}
