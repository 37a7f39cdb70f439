import Bytes
import Records

/// The properties of one packet of version 5 (section 2.2.2), in place: checked as a whole when they are read.
package struct MQTTProperties: ~Escapable {
  /// Encoded, without their length.
  let bytes: RawSpan
  let fields: Fields

  /// What a packet's properties say. Texts and data are places in `bytes`.
  struct Fields: Hashable {
    var payloadFormat: UInt8?
    var messageExpiry: UInt32?
    var contentType: Range<Int>?
    var responseTopic: Range<Int>?
    var correlationData: Range<Int>?
    var subscriptionID: UInt32?
    var sessionExpiry: UInt32?
    var authenticationMethod: Range<Int>?
    var requestsProblemInformation = true
    var willDelay: UInt32?
    var receiveMaximum: UInt16?
    var topicAliasMaximum: UInt16?
    var topicAlias: UInt16?
    var maximumPacketSize: UInt32?
    var userProperties = 0
    /// By identifier.
    var seen: UInt64 = 0
  }

  /// Reads the length and the properties that follow it.
  @_lifetime(copy reader)
  init(_ reader: inout ByteReader, in place: MQTTProperty.Place) throws(MQTTViolation) {
    guard let length = reader.varUInt(maximumBytes: 4) else { throw .malformedProperties }
    guard let bytes = reader.bytes(Int(length)) else { throw .malformedProperties }
    self.bytes = bytes
    guard bytes.byteCount > 0 else {
      fields = Fields()
      return
    }
    fields = try Self.read(bytes, in: place)
  }

  /// Those that have been read, and so checked, before.
  @_lifetime(copy bytes)
  init(checked bytes: RawSpan, in place: MQTTProperty.Place) {
    self.bytes = bytes
    fields = (try? Self.read(bytes, in: place)) ?? Fields()
  }

  /// None: of a packet of an earlier version.
  @_lifetime(copy body)
  init(noneIn body: RawSpan) {
    bytes = body.extracting(0..<0)
    fields = Fields()
  }

  private static func read(_ bytes: RawSpan, in place: MQTTProperty.Place) throws(MQTTViolation) -> Fields {
    var fields = Fields()
    var reader = ByteReader(bytes)
    while !reader.isAtEnd {
      guard let identifier = reader.varUInt(maximumBytes: 4) else { throw .malformedProperties }
      guard identifier < 64, let property = MQTTProperty(rawValue: UInt8(identifier)) else { throw .unknownProperty }
      guard property.isAllowed(in: place) else { throw .misplacedProperty }
      if property != .userProperty {
        guard fields.seen & 1 << identifier == 0 else { throw .duplicateProperty }
        fields.seen |= 1 << identifier
      }
      try fields.read(property, &reader)
    }
    return fields
  }

  /// The bytes of a text or of data.
  @_lifetime(copy self)
  func field(_ range: Range<Int>?) -> RawSpan? {
    guard let range else { return nil }
    return bytes.extracting(range)
  }
}

extension MQTTProperties.Fields {
  fileprivate mutating func read(_ property: MQTTProperty, _ reader: inout ByteReader) throws(MQTTViolation) {
    switch property {
    case .payloadFormat: payloadFormat = try Self.flag(&reader)
    case .messageExpiry: messageExpiry = try Self.number(&reader)
    case .contentType: contentType = try Self.text(&reader)
    case .responseTopic: responseTopic = try Self.topic(&reader)
    case .correlationData: correlationData = try Self.data(&reader)
    case .subscriptionID: subscriptionID = try Self.variable(&reader)
    case .sessionExpiry: sessionExpiry = try Self.number(&reader)
    case .authenticationMethod: authenticationMethod = try Self.text(&reader)
    case .authenticationData: _ = try Self.data(&reader)
    case .requestProblemInformation: requestsProblemInformation = try Self.flag(&reader) != 0
    case .requestResponseInformation: _ = try Self.flag(&reader)
    case .willDelay: willDelay = try Self.number(&reader)
    case .receiveMaximum: receiveMaximum = try Self.positive(&reader)
    case .topicAliasMaximum: topicAliasMaximum = try Self.short(&reader)
    case .topicAlias:
      topicAlias = try Self.short(&reader)
      if topicAlias == 0 { throw .badTopicAlias }
    case .maximumPacketSize:
      maximumPacketSize = try Self.number(&reader)
      if maximumPacketSize == 0 { throw .badPropertyValue }
    case .reasonString: _ = try Self.text(&reader)
    case .userProperty:
      _ = try Self.text(&reader)
      _ = try Self.text(&reader)
      userProperties += 1
    case .assignedClientID, .serverKeepAlive, .responseInformation, .serverReference, .maximumQoS, .retainAvailable,
      .wildcardSubscriptionAvailable, .subscriptionIDAvailable, .sharedSubscriptionAvailable:
      throw .misplacedProperty
    }
  }

  private static func flag(_ reader: inout ByteReader) throws(MQTTViolation) -> UInt8 {
    guard let value = reader.uint8() else { throw .malformedProperties }
    guard value <= 1 else { throw .badPropertyValue }
    return value
  }

  private static func short(_ reader: inout ByteReader) throws(MQTTViolation) -> UInt16 {
    guard let value = reader.uint16() else { throw .malformedProperties }
    return value
  }

  private static func positive(_ reader: inout ByteReader) throws(MQTTViolation) -> UInt16 {
    let value = try short(&reader)
    guard value > 0 else { throw .badPropertyValue }
    return value
  }

  private static func number(_ reader: inout ByteReader) throws(MQTTViolation) -> UInt32 {
    guard let value = reader.uint32() else { throw .malformedProperties }
    return value
  }

  private static func variable(_ reader: inout ByteReader) throws(MQTTViolation) -> UInt32 {
    guard let value = reader.varUInt(maximumBytes: 4) else { throw .malformedProperties }
    guard value > 0 else { throw .badPropertyValue }
    return UInt32(value)
  }

  private static func data(_ reader: inout ByteReader) throws(MQTTViolation) -> Range<Int> {
    guard let length = reader.uint16(), reader.skip(Int(length)) else { throw .malformedProperties }
    return (reader.position - Int(length))..<reader.position
  }

  private static func text(_ reader: inout ByteReader) throws(MQTTViolation) -> Range<Int> {
    let text = try reader.mqttText()
    return (reader.position - text.byteCount)..<reader.position
  }

  private static func topic(_ reader: inout ByteReader) throws(MQTTViolation) -> Range<Int> {
    let topic = try reader.mqttText()
    guard Topic.problem(with: topic) == nil else { throw .badPropertyValue }
    return (reader.position - topic.byteCount)..<reader.position
  }
}
