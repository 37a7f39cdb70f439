/// What a client did against the standard, or against what is allowed here. Each ends the connection.
/// The raw value is the name it is counted under.
package enum MQTTViolation: String, Error, Hashable, Sendable, CaseIterable, CustomStringConvertible {
  // the frame
  case malformedLength = "malformed-length"
  case reservedPacketType = "reserved-packet-type"
  case reservedFlags = "reserved-flags"
  case packetTooLarge = "packet-too-large"
  case truncatedPacket = "truncated-packet"
  case trailingBytes = "trailing-bytes"
  case invalidText = "invalid-text"
  // the order
  case connectMissing = "connect-missing"
  case secondConnect = "second-connect"
  case serverPacket = "server-packet"
  case unexpectedPacket = "unexpected-packet"
  // CONNECT
  case badProtocolName = "bad-protocol-name"
  case reservedConnectFlag = "reserved-connect-flag"
  case badWillFlags = "bad-will-flags"
  case passwordWithoutUser = "password-without-user"
  // properties
  case malformedProperties = "malformed-properties"
  case unknownProperty = "unknown-property"
  case misplacedProperty = "misplaced-property"
  case duplicateProperty = "duplicate-property"
  case badPropertyValue = "bad-property-value"
  case badReasonCode = "bad-reason-code"
  // PUBLISH
  case badQoS = "bad-qos"
  case duplicateAtQoS0 = "duplicate-at-qos-0"
  case badTopic = "bad-topic"
  case reservedTopic = "reserved-topic"
  case packetIDZero = "packet-id-zero"
  case badTopicAlias = "bad-topic-alias"
  case badPayloadFormat = "bad-payload-format"
  case topicTooLong = "topic-too-long"
  case receiveMaximumExceeded = "receive-maximum-exceeded"
  // SUBSCRIBE and UNSUBSCRIBE
  case noFilters = "no-filters"
  case badFilter = "bad-filter"
  case badSubscriptionOptions = "bad-subscription-options"
  case sharedNoLocal = "shared-no-local"
  // DISCONNECT and AUTH
  case raisedSessionExpiry = "raised-session-expiry"
  case unexpectedAuthentication = "unexpected-authentication"

  package var description: String {
    switch self {
    case .malformedLength: "the remaining length is longer than four bytes"
    case .reservedPacketType: "the packet type is reserved"
    case .reservedFlags: "reserved flags of the fixed header are not as the standard sets them"
    case .packetTooLarge: "a packet is larger than the limit; raise `mqtt.maxPacket` to allow it"
    case .truncatedPacket: "a packet ends within a field"
    case .trailingBytes: "a packet goes on behind its last field"
    case .invalidText: "a string is not valid UTF-8, or contains a null character"
    case .connectMissing: "the first packet is not CONNECT"
    case .secondConnect: "a second CONNECT on one connection"
    case .serverPacket: "a packet that only servers send"
    case .unexpectedPacket: "an acknowledgement of something that was not sent"
    case .badProtocolName: "the protocol name is neither MQTT nor MQIsdp"
    case .reservedConnectFlag: "the reserved flag of CONNECT is set"
    case .badWillFlags: "will flags without a will, or a will of QoS 3"
    case .passwordWithoutUser: "a password without a user name"
    case .malformedProperties: "properties that end within one, or longer than their packet"
    case .unknownProperty: "a property that does not exist"
    case .misplacedProperty: "a property that does not belong in its packet"
    case .duplicateProperty: "a property twice"
    case .badPropertyValue: "a property with a value it may not have"
    case .badReasonCode: "a reason code that does not exist"
    case .badQoS: "QoS 3, or another that does not exist"
    case .duplicateAtQoS0: "the duplicate flag on a message of QoS 0"
    case .badTopic: "a topic that is empty, contains a wildcard or a null character, or is not valid UTF-8"
    case .reservedTopic: "a message to a topic that begins with `$`; those are Forebay's own"
    case .packetIDZero: "packet id 0"
    case .badTopicAlias: "a topic alias that is 0, larger than was allowed, or stands for no topic yet"
    case .badPayloadFormat: "a payload that is said to be text and is not valid UTF-8"
    case .topicTooLong: "a topic that is longer or deeper than `mqtt.maxTopic` and `mqtt.maxTopicLevels` allow"
    case .receiveMaximumExceeded: "more unacknowledged messages than `mqtt.maxInFlightFromClient` allows"
    case .noFilters: "a packet without a topic filter"
    case .badSubscriptionOptions: "subscription options that do not exist"
    case .sharedNoLocal: "a shared subscription without the client's own messages"
    case .raisedSessionExpiry: "a session that was to end with its connection, and is to outlive it after all"
    case .unexpectedAuthentication: "AUTH without an authentication method"
    case .badFilter: "a topic filter that is empty, has a misplaced wildcard or a null character, or is not valid UTF-8"
    }
  }
}

extension MQTTViolation {
  /// What a client of version 5 is told.
  package var reason: MQTTReason {
    switch self {
    case .malformedLength, .reservedPacketType, .reservedFlags, .truncatedPacket, .trailingBytes, .invalidText,
      .reservedConnectFlag, .badWillFlags, .malformedProperties, .badQoS, .duplicateAtQoS0, .badSubscriptionOptions,
      .unknownProperty:
      .malformedPacket
    case .connectMissing, .secondConnect, .serverPacket, .unexpectedPacket, .badProtocolName, .passwordWithoutUser,
      .misplacedProperty, .duplicateProperty, .badPropertyValue, .badReasonCode, .packetIDZero, .noFilters,
      .sharedNoLocal, .raisedSessionExpiry, .unexpectedAuthentication:
      .protocolError
    case .packetTooLarge: .packetTooLarge
    case .badTopic, .reservedTopic, .topicTooLong: .topicNameInvalid
    case .badTopicAlias: .topicAliasInvalid
    case .badPayloadFormat: .payloadFormatInvalid
    case .receiveMaximumExceeded: .receiveMaximumExceeded
    case .badFilter: .topicFilterInvalid
    }
  }
}
