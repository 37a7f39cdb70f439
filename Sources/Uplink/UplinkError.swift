package import Platform
package import Storage

/// Why an uplink cannot start. The description is one sentence that names the setting, and the remedy.
package enum UplinkError: Error, Hashable, Sendable, CustomStringConvertible {
  case badTopic(String, uplink: String, reason: String)
  /// A configuration that can never work: certificates that are not there, say.
  case badTarget(uplink: String, reason: String)
  case storage(uplink: String, StorageError)
  case system(SystemError)

  package var description: String {
    switch self {
    case .badTopic(let topic, let uplink, let reason): "uplink \(uplink): `\(topic)` is no topic filter: \(reason)"
    case .badTarget(let uplink, let reason): "uplink \(uplink): \(reason)"
    case .storage(let uplink, let error): "uplink \(uplink): \(error)"
    case .system(let error): "an uplink's thread cannot start: \(error)"
    }
  }
}
