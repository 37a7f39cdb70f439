/// The reason codes of MQTT 5 (section 2.4): how a request went. From 0x80 on it failed.
package enum MQTTReason: UInt8, Hashable, Sendable {
  /// Also: normal disconnection, granted QoS 0.
  case success = 0x00
  case grantedQoS1 = 0x01
  case grantedQoS2 = 0x02
  case disconnectWithWill = 0x04
  case noMatchingSubscribers = 0x10
  case noSubscriptionExisted = 0x11
  case continueAuthentication = 0x18
  case reauthenticate = 0x19
  case unspecified = 0x80
  case malformedPacket = 0x81
  case protocolError = 0x82
  case implementationSpecific = 0x83
  case unsupportedVersion = 0x84
  case clientIDNotValid = 0x85
  case badUserOrPassword = 0x86
  case notAuthorized = 0x87
  case serverUnavailable = 0x88
  case serverBusy = 0x89
  case banned = 0x8A
  case serverShuttingDown = 0x8B
  case badAuthenticationMethod = 0x8C
  case keepAliveTimeout = 0x8D
  case sessionTakenOver = 0x8E
  case topicFilterInvalid = 0x8F
  case topicNameInvalid = 0x90
  case packetIDInUse = 0x91
  case packetIDNotFound = 0x92
  case receiveMaximumExceeded = 0x93
  case topicAliasInvalid = 0x94
  case packetTooLarge = 0x95
  case messageRateTooHigh = 0x96
  case quotaExceeded = 0x97
  case administrativeAction = 0x98
  case payloadFormatInvalid = 0x99
  case retainNotSupported = 0x9A
  case qosNotSupported = 0x9B
  case useAnotherServer = 0x9C
  case serverMoved = 0x9D
  case sharedSubscriptionsNotSupported = 0x9E
  case connectionRateExceeded = 0x9F
  case maximumConnectTime = 0xA0
  case subscriptionIDsNotSupported = 0xA1
  case wildcardSubscriptionsNotSupported = 0xA2

  /// The name under which a refusal is counted.
  package var name: String {
    switch self {
    case .unsupportedVersion: "unsupported-version"
    case .clientIDNotValid: "client-id-rejected"
    case .badAuthenticationMethod: "bad-authentication-method"
    case .badUserOrPassword: "bad-user-or-password"
    case .notAuthorized: "not-authorized"
    case .quotaExceeded: "quota-exceeded"
    case .serverBusy: "server-busy"
    case .connectionRateExceeded: "too-many-wrong-passwords"
    default: "reason-\(rawValue)"
    }
  }

  package var isFailure: Bool { rawValue >= 0x80 }

  /// What CONNACK says of it in versions 3.1 and 3.1.1 (3.1.1 section 3.2.2.3).
  var returnCode: UInt8 {
    switch self {
    case .success: 0
    case .unsupportedVersion: 1
    case .clientIDNotValid: 2
    case .serverUnavailable, .serverBusy, .quotaExceeded, .serverShuttingDown, .connectionRateExceeded: 3
    case .badUserOrPassword: 4
    default: 5
    }
  }

  static func granted(_ qos: MQTTQoS) -> MQTTReason {
    switch qos {
    case .atMostOnce: .success
    case .atLeastOnce: .grantedQoS1
    case .exactlyOnce: .grantedQoS2
    }
  }
}
