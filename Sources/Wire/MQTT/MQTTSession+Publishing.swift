package import Bytes

// Messages from the client.
extension MQTTSession {
  @_lifetime(copy body)
  mutating func publish(_ flags: UInt8, _ body: RawSpan) throws(MQTTViolation) -> MQTTAction {
    let publish = try resolve(try MQTTPublish(flags: flags, body, version), body)
    try MQTTPublish.checkTopic(publish.topic, limits)
    switch publish.qos {
    case .atMostOnce:
      return .store(publish, nil)
    case .atLeastOnce:
      try begin()
      return .store(publish, MQTTAcknowledgement(.puback, packetID: publish.packetID))
    case .exactlyOnce:
      let acknowledgement = MQTTAcknowledgement(.pubrec, packetID: publish.packetID)
      guard inbound.begin(publish.packetID) else { return .acknowledge(acknowledgement) }
      try begin()
      return .store(publish, acknowledgement)
    }
  }

  /// The message with its topic, where it came with a number for it.
  @_lifetime(copy publish, copy body)
  private mutating func resolve(
    _ publish: borrowing MQTTPublish, _ body: RawSpan
  ) throws(MQTTViolation) -> MQTTPublish {
    guard publish.topicAlias > 0 else { return copy publish }
    guard publish.topic.byteCount == 0 else {
      try MQTTPublish.checkTopic(publish.topic, limits)
      try aliasesFromClient.set(publish.topicAlias, publish.topic)
      return copy publish
    }
    let topic = try aliasesFromClient.topic(publish.topicAlias)
    // The memory is the table's, and stays until a later packet gives the number to another topic.
    let bytes = unsafe _overrideLifetime(topic.span.bytes, copying: body)
    return MQTTPublish(publish, topic: bytes)
  }

  /// One more message waits for its final answer.
  private mutating func begin() throws(MQTTViolation) {
    unanswered += 1
    // Before version 5 clients are not told how many they may send, and wait for a slow server as for a slow network.
    guard version != .v5 || unanswered <= limits.receiveMaximum else { throw .receiveMaximumExceeded }
  }

  /// Whether a packet has to wait while nothing can be stored: a message that cannot be refused by a reason.
  package func mustWait(_ header: MQTTFixedHeader) -> Bool {
    header.type == .publish && (version != .v5 || header.flags & 0b0110 == 0)
  }

  /// The message is not stored. Before version 5 there is no word for it: it is acknowledged, and counted by the caller.
  package mutating func refuse(
    _ acknowledgement: MQTTAcknowledgement, _ reason: MQTTReason, replies: inout ByteWriter
  ) {
    if acknowledgement.kind == .pubrec, version != .v5 { inbound.received(acknowledgement.packetID) }
    if acknowledgement.kind == .puback || version == .v5 { unanswered -= unanswered > 0 ? 1 : 0 }
    if acknowledgement.kind == .pubrec, version == .v5 { inbound.forget(acknowledgement.packetID) }
    acknowledgement.append(reason, version, to: &replies)
  }

  @_lifetime(immortal)
  mutating func pubrel(_ body: RawSpan, _ replies: inout ByteWriter) throws(MQTTViolation) -> MQTTAction {
    let packetID = try MQTTAcknowledged(body, version).packetID
    let acknowledgement = MQTTAcknowledgement(.pubcomp, packetID: packetID)
    switch inbound.release(packetID) {
    case .released: return .release(acknowledgement)
    case .tooEarly: throw .unexpectedPacket
    case .unknown:
      acknowledgement.append(.packetIDNotFound, version, to: &replies)
      return .none
    }
  }
}
