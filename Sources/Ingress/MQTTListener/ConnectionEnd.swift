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
      "it comes from another machine and has no account; set `mqtt.anonymous` to allow that"
    case .refused(.quotaExceeded): "there are as many sessions as `mqtt.maxSessions` allows"
    case .refused(let reason): "it is refused (\(reason))"
    case .connectTimeout: "it sent no CONNECT in time"
    case .keepAlive: "nothing came from it for one and a half times its keep-alive"
    case .takenOver: "another connection uses its client id"
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
    case .tooManyConnections, .tooManyFromAddress, .tooManyPartialPackets: .quotaExceeded
    case .stopped: .serverShuttingDown
    }
  }
}
