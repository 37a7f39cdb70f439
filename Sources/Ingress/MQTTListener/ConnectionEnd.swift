import Platform
import Wire

/// Why a connection ends.
enum ConnectionEnd: Hashable {
  case disconnected
  case closedByPeer
  case lost(SystemError)
  case violation(MQTTViolation)
  case refused(MQTTRefusal)
  case connectTimeout
  case keepAlive
  case takenOver
  case tooManyConnections
  case tooManyPartialPackets
  case stopped

  /// The name under which the connection is counted as rejected; nil where the client left by itself.
  var countedAs: String? {
    switch self {
    case .disconnected, .closedByPeer, .lost, .stopped: nil
    case .violation(let violation): violation.rawValue
    case .refused(let refusal): refusal.rawValue
    case .connectTimeout: "connect-timeout"
    case .keepAlive: "keep-alive"
    case .takenOver: "taken-over"
    case .tooManyConnections: "too-many-connections"
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
    case .refused(.unsupportedVersion): "it does not speak MQTT 3.1.1, the version this listener speaks"
    case .refused(.clientIDRejected): "its client id is too long, or empty without a clean session"
    case .refused(.serverUnavailable): "the server is not available"
    case .refused(.notAuthorized):
      "it comes from another machine and has no account; set `mqtt.anonymous` to allow that"
    case .connectTimeout: "it sent no CONNECT in time"
    case .keepAlive: "nothing came from it for one and a half times its keep-alive"
    case .takenOver: "another connection uses its client id"
    case .tooManyConnections: "there are as many connections as `mqtt.maxConnections` allows"
    case .tooManyPartialPackets: "too much memory is taken by packets that have come in part"
    case .stopped: "the server stops"
    }
  }

  /// Whether the client's will is published.
  var publishesWill: Bool {
    switch self {
    case .disconnected, .refused, .stopped: false
    default: true
    }
  }
}
