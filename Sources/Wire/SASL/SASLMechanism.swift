import Bytes

/// How a user proves who it is.
package enum SASLMechanism: String, CaseIterable, Hashable, Sendable {
  case plain = "PLAIN"
  case scramSHA256 = "SCRAM-SHA-256"
  case scramSHA512 = "SCRAM-SHA-512"

  /// Of SCRAM.
  var hash: SHA2? {
    switch self {
    case .plain: nil
    case .scramSHA256: .sha256
    case .scramSHA512: .sha512
    }
  }

  /// The one message of PLAIN (RFC 4616): the password as it is, so over TLS or on a trusted network alone.
  package static func plainMessage(user: String, password: String) -> [UInt8] {
    [0] + Array(user.utf8) + [0] + Array(password.utf8)
  }
}
