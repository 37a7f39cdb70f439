package import Bytes
package import Records

// Messages to the client.
extension MQTTSession {
  /// Appends a message to what is sent to the client.
  /// - Parameters:
  ///   - record: its topic, payload and headers; its offset names it if it has to be sent again.
  ///   - isRetained: the retain flag it is sent with.
  ///   - expirySeconds: what remains of its time; nil: it has no end.
  ///   - wasRetained: it comes from the retained messages, not from the log.
  package mutating func deliver(
    _ record: borrowing Record, qos: MQTTQoS, isRetained: Bool, subscriptionIDs: [UInt32] = [],
    expirySeconds: UInt32? = nil, wasRetained: Bool = false, to writer: inout ByteWriter
  ) -> MQTTDelivery {
    guard qos == .atMostOnce || !outbound.isFull else { return .windowFull }
    guard record.topic.byteCount > 0, record.topic.byteCount <= Topic.maximumBytes else { return .tooLarge }
    var head = MQTTPublish.Head(qos: qos, isRetained: isRetained, packetID: 0)
    guard fits(head, record, subscriptionIDs, expirySeconds) else { return .tooLarge }
    if qos != .atMostOnce { head.packetID = outbound.take(qos, record.offset, isRetained: wasRetained) }
    append(head, record, subscriptionIDs, expirySeconds, to: &writer)
    return .sent
  }

  /// Appends a message once more that an earlier connection has not acknowledged, under its packet id.
  /// - Returns: false where the client does not take packets of that size any more.
  package mutating func resend(
    _ message: MQTTOutboundMessage, _ record: borrowing Record, expirySeconds: UInt32? = nil,
    to writer: inout ByteWriter
  ) -> Bool {
    let head = MQTTPublish.Head(
      qos: message.qos, isRetained: message.isRetained, isDuplicate: true, packetID: message.packetID)
    guard fits(head, record, [], expirySeconds) else { return false }
    append(head, record, [], expirySeconds, to: &writer)
    return true
  }

  /// Appends the PUBREL of every message that an earlier connection has received and not completed.
  package mutating func resendReleases(to writer: inout ByteWriter) {
    for message in outbound.messages where message.isReceived {
      writer.appendMQTT(.pubrel, packetID: message.packetID)
    }
  }

  /// The message cannot be sent again.
  package mutating func forget(_ message: MQTTOutboundMessage) {
    _ = outbound.end(message.packetID, message.qos)
  }

  private func fits(
    _ head: MQTTPublish.Head, _ record: borrowing Record, _ subscriptionIDs: [UInt32], _ expirySeconds: UInt32?
  ) -> Bool {
    let forwarded = MQTTForwarded(
      headerCount: record.headerCount, expirySeconds: expirySeconds, subscriptionIDs: subscriptionIDs,
      topicAlias: aliasesToClient.maximum > 0 ? 1 : 0)
    let size = MQTTPublish.byteCount(
      head, topicBytes: record.topic.byteCount, payloadBytes: record.payload.byteCount,
      propertyBytes: version == .v5 ? forwarded.byteCount(record.headerBytes) : nil)
    return size.packet <= clientMaximumPacket && size.body <= MQTTFixedHeader.maximumBodyBytes
  }

  private mutating func append(
    _ head: MQTTPublish.Head, _ record: borrowing Record, _ subscriptionIDs: [UInt32], _ expirySeconds: UInt32?,
    to writer: inout ByteWriter
  ) {
    guard version == .v5 else {
      let size = MQTTPublish.byteCount(
        head, topicBytes: record.topic.byteCount, payloadBytes: record.payload.byteCount, propertyBytes: nil)
      writer.reserve(size.packet)
      MQTTPublish.append(head, topic: record.topic, bodyBytes: size.body, to: &writer)
      return writer.append(record.payload)
    }
    let (alias, isKnown) = aliasesToClient.maximum > 0 ? aliasesToClient.number(of: record.topic) : (0, false)
    let topic = isKnown ? record.topic.extracting(0..<0) : record.topic
    let forwarded = MQTTForwarded(
      headerCount: record.headerCount, expirySeconds: expirySeconds, subscriptionIDs: subscriptionIDs,
      topicAlias: alias)
    let propertyBytes = forwarded.byteCount(record.headerBytes)
    let size = MQTTPublish.byteCount(
      head, topicBytes: topic.byteCount, payloadBytes: record.payload.byteCount, propertyBytes: propertyBytes)
    writer.reserve(size.packet)
    MQTTPublish.append(head, topic: topic, bodyBytes: size.body, to: &writer)
    writer.append(varUInt: UInt64(propertyBytes))
    forwarded.append(record.headerBytes, to: &writer)
    writer.append(record.payload)
  }

  @_lifetime(immortal)
  mutating func puback(_ body: RawSpan) throws(MQTTViolation) -> MQTTAction {
    let packet = try MQTTAcknowledged(body, version)
    return outbound.end(packet.packetID, .atLeastOnce) ? .acknowledged : .none
  }

  @_lifetime(immortal)
  mutating func pubrec(_ body: RawSpan, _ replies: inout ByteWriter) throws(MQTTViolation) -> MQTTAction {
    let packet = try MQTTAcknowledged(body, version)
    if packet.reason.isFailure { return outbound.end(packet.packetID, .exactlyOnce) ? .acknowledged : .none }
    let isKnown = outbound.receive(packet.packetID)
    guard isKnown || version != .v5 else {
      replies.appendMQTTHeader(.pubrel, flags: 0b0010, bodyBytes: 3)
      replies.append(packet.packetID)
      replies.append(MQTTReason.packetIDNotFound.rawValue)
      return .none
    }
    replies.appendMQTT(.pubrel, packetID: packet.packetID)
    return .none
  }

  @_lifetime(immortal)
  mutating func pubcomp(_ body: RawSpan) throws(MQTTViolation) -> MQTTAction {
    let packet = try MQTTAcknowledged(body, version)
    return outbound.end(packet.packetID, .exactlyOnce) ? .acknowledged : .none
  }
}
