import Platform
import Wire

/// Why a connection ends.
enum ConnectionEnd: Hashable {
  case disconnected
  case closedByPeer
  case lost(SystemError)
  case violation(MQTTViolation)
  case refused(MQTTReason)
  case connectTimeout
  case keepAlive
  case takenOver
  /// Its account is gone or another one now.
  case accountChanged
  /// It published what it may not, and its version has no word to be told so.
  case notAuthorizedToPublish(String)
  case tooManyConnections
  case tooManyFromAddress
  case tooManyPartialPackets
  case stopped

  /// The name under which the connection is counted as rejected; nil where the client left by itself.
  var countedAs: String? {
    switch self {
    case .disconnected, .closedByPeer, .lost, .stopped: nil
    case .violation(let violation): violation.rawValue
    case .refused(let reason): reason.name
    case .connectTimeout: "connect-timeout"
    case .keepAlive: "keep-alive"
    case .takenOver: "taken-over"
    case .accountChanged: "account-changed"
    case .notAuthorizedToPublish: "not-authorized-to-publish"
    case .tooManyConnections: "too-many-connections"
    case .tooManyFromAddress: "too-many-from-address"
    case .tooManyPartialPackets: "too-many-partial-packets"
    }
  }

  /// For the operator.
  var reason: String {
    switch self {
    case .disconnected: "it disconnected"
    case .closedByPeer: "it closed the connection"
    case .lost(let error): "the connection was lost: \(error.reason)"
    case .violation(let violation): violation.description
    case .refused(.unsupportedVersion): "it asks for a version of MQTT other than 3.1, 3.1.1 and 5.0"
    case .refused(.clientIDNotValid): "its client id is too long, or empty without a clean session"
    case .refused(.badAuthenticationMethod): "it asks for extended authentication, of which there is none here"
    case .refused(.notAuthorized):
      "it may not connect as it is: it has no account (`mqtt.users`, `mqtt.anonymous`), or may not publish its will"
    case .refused(.badUserOrPassword): "its user or its password is wrong"
    case .refused(.connectionRateExceeded): "too many wrong passwords came from its address lately"
    case .refused(.serverBusy): "too many passwords wait to be checked"
    case .refused(.quotaExceeded): "there are as many sessions as `mqtt.maxSessions` allows"
    case .refused(let reason): "it is refused (\(reason))"
    case .connectTimeout: "it sent no CONNECT in time"
    case .keepAlive: "nothing came from it for one and a half times its keep-alive"
    case .takenOver: "another connection uses its client id"
    case .accountChanged: "its account was changed or removed in the users file"
    case .notAuthorizedToPublish(let topic): "it published to `\(topic)`, which it may not"
    case .tooManyConnections: "there are as many connections as `mqtt.maxConnections` allows"
    case .tooManyFromAddress: "there are as many from its address as `mqtt.maxConnectionsPerAddress` allows"
    case .tooManyPartialPackets: "too much memory is taken by packets that have come in part"
    case .stopped: "the server stops"
    }
  }

  /// Whether the client's will is published.
  var publishesWill: Bool {
    switch self {
    // A client that leaves in order has taken its will with it, unless it asked for it.
    case .refused, .stopped: false
    default: true
    }
  }

  /// What a client of version 5 is told; nil: nothing, or it has been told.
  var reasonCode: MQTTReason? {
    switch self {
    case .disconnected, .closedByPeer, .lost, .refused: nil
    case .violation(let violation): violation.reason
    case .connectTimeout: .protocolError
    case .keepAlive: .keepAliveTimeout
    case .takenOver: .sessionTakenOver
    case .accountChanged: .administrativeAction
    case .notAuthorizedToPublish: .notAuthorized
    case .tooManyConnections, .tooManyFromAddress, .tooManyPartialPackets: .quotaExceeded
    case .stopped: .serverShuttingDown
    }
  }
}
