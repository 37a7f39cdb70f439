package import Bytes
import Records

// CONNECT and CONNACK.
extension MQTTSession {
  @_lifetime(copy body)
  mutating func receiveFirst(
    _ header: MQTTFixedHeader, _ body: RawSpan, _ replies: inout ByteWriter
  ) throws(MQTTViolation) -> MQTTAction {
    guard stage == .awaitingConnect, header.type == .connect else {
      throw stage == .awaitingConnect ? .connectMissing : .unexpectedPacket
    }
    let asked = try MQTTConnect.version(of: body)
    guard asked != .unknown else { return refuse(.unsupportedVersion, &replies) }
    version = asked
    let connect = try MQTTConnect(body)
    guard connect.properties.fields.authenticationMethod == nil else {
      return refuse(.badAuthenticationMethod, &replies)
    }
    let needsID = version == .v3_1 || (version == .v3_1_1 && !connect.isCleanStart)
    if connect.clientID.byteCount > limits.maxClientIDBytes || (connect.clientID.byteCount == 0 && needsID) {
      return refuse(.clientIDNotValid, &replies)
    }
    stage = .connecting
    return .connect
  }

  @_lifetime(immortal)
  private mutating func refuse(_ reason: MQTTReason, _ replies: inout ByteWriter) -> MQTTAction {
    MQTTConnack.append(reason, version, to: &replies)
    stage = .ended
    return .refused(reason)
  }

  /// The client may connect.
  /// - Parameters:
  ///   - clientID: as it was given, or assigned by the server where that is empty.
  ///   - state: of the session that is gone on with, else empty.
  ///   - isPresent: whether there is such a session.
  package mutating func accept(
    _ connect: borrowing MQTTConnect, clientID: [UInt8], state: MQTTSessionState = MQTTSessionState(),
    isPresent: Bool = false, replies: inout ByteWriter
  ) {
    precondition(stage == .connecting)
    self.clientID = clientID
    will = connect.will
    keepAliveSeconds = connect.keepAliveSeconds
    subscriptions = state.subscriptions
    inbound = InboundMessages(state.inbound)
    unanswered = inbound.count
    let asked = connect.properties.fields
    outbound = OutboundWindow(limit: min(limits.maxInFlight, Int(asked.receiveMaximum ?? .max)), state.outbound)
    clientMaximumPacket = asked.maximumPacketSize.map { Int($0) } ?? Int.max
    aliasesFromClient = TopicAliases(maximum: version == .v5 ? limits.topicAliasMaximum : 0)
    aliasesToClient = TopicAliases(maximum: min(limits.topicAliasMaximum, asked.topicAliasMaximum ?? 0))
    mayExtendSession = connect.sessionExpirySeconds > 0
    // Before version 5 there is no word to shorten it with: it is kept as long as may be.
    sessionExpirySeconds = min(connect.sessionExpirySeconds, limits.maxSessionExpirySeconds)
    var told = MQTTConnack.Properties()
    if version == .v5 {
      if sessionExpirySeconds != connect.sessionExpirySeconds { told.sessionExpirySeconds = sessionExpirySeconds }
      told.receiveMaximum = UInt16(clamping: limits.receiveMaximum)
      told.maximumPacketSize = limits.maxPacketBytes
      if connect.clientID.byteCount == 0 { told.assignedClientID = clientID }
      told.topicAliasMaximum = limits.topicAliasMaximum
      let longest = limits.maxKeepAliveSeconds
      if longest > 0, keepAliveSeconds == 0 || keepAliveSeconds > longest {
        keepAliveSeconds = longest
        told.serverKeepAliveSeconds = longest
      }
    }
    MQTTConnack.appendAccepted(version, isPresent: isPresent, told, to: &replies)
    stage = .connected
  }

  /// The client may not connect: send the refusal, then close.
  package mutating func refuse(_ reason: MQTTReason, replies: inout ByteWriter) {
    precondition(stage == .connecting)
    _ = refuse(reason, &replies)
  }
}
