package import Platform

/// Why ingress cannot start. The description is one sentence that names the setting, and the remedy.
package enum IngressError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Not `HOST:PORT`.
  case badAddress(String, setting: String)
  /// The address is taken, not this machine's, or not allowed.
  case cannotListen(String, setting: String, SystemError)
  /// A topic template that cannot give a topic.
  case badTopic(String, setting: String, reason: String)
  /// The users file, `mqtt.users`, gives no accounts.
  case badUsers(AccountsError)
  /// The kernel refused what the thread itself needs.
  case system(SystemError)
  /// A broker subscription's configuration, or the library under it, does not allow it to begin.
  case cannotSubscribe(name: String, reason: String)

  package var description: String {
    switch self {
    case .badAddress(let address, let setting):
      "`\(setting)`: `\(address)` is no address to listen on; write HOST:PORT, such as `0.0.0.0:1883` or `[::]:1883`"
    case .cannotListen(let address, let setting, let error):
      "`\(setting)`: cannot listen on \(address): \(error.reason); stop what has it, or set another address"
    case .badTopic(let topic, let setting, let reason):
      "`\(setting)`: `\(topic)` is no topic: \(reason)"
    case .badUsers(let error):
      "\(error)"
    case .system(let error):
      "the ingress thread cannot start: \(error)"
    case .cannotSubscribe(let name, let reason):
      "`mqtt.subscribe` \(name): \(reason)"
    }
  }
}
