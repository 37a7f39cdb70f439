package import Platform

/// Why the console does not listen. The description is one sentence and the remedy.
package enum ConsoleError: Error, Hashable, Sendable, CustomStringConvertible {
  case cannotListen(setting: String, address: String, SystemError)
  /// Not `HOST:PORT`, or a name that is not known.
  case badAddress(String)
  case pathTooLong(String)
  case machine(SystemError)

  package var description: String {
    switch self {
    case .cannotListen(let setting, let address, let error):
      "`\(setting)`: cannot listen at \(address): \(error.reason); stop what listens there, or choose another address"
    case .badAddress(let address):
      "`console.listen`: `\(address)` is no address to listen at; write HOST:PORT, such as 127.0.0.1:8610"
    case .pathTooLong(let path):
      "`console.socket`: \(path) is \(path.utf8.count) bytes long, and a socket's path takes at most "
        + "\(LocalSocket.maximumPathBytes); set `console.socket` to a shorter one, such as \"/run/forebay/console.sock\""
    case .machine(let error): "the console cannot start: \(error)"
    }
  }
}
