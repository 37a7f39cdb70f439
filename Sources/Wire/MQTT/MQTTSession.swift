package import Bytes
import Records

/// The server's side of one MQTT connection, of version 3.1, 3.1.1 or 5.0: one function an event. Knows no socket, no clock
/// and no log.
///
/// A thrown violation ends the connection: `end` writes what the client is told, and nothing more may be asked of the
/// session then but its will and its `state`, with which a later connection goes on. One owner, one thread.
package struct MQTTSession: ~Copyable {
  enum Stage {
    case awaitingConnect
    /// CONNECT has come and has not been answered.
    case connecting
    case connected
    case ended
  }

  let limits: MQTTLimits
  var stage = Stage.awaitingConnect
  var inbound = InboundMessages()
  var outbound: OutboundWindow
  /// Messages of QoS 1 and 2 from the client that it has had no final answer to.
  var unanswered = 0
  /// SUBACKs and UNSUBACKs that wait until what they say is durable, in order.
  var deferred: [[UInt8]] = []
  var aliasesFromClient = TopicAliases(maximum: 0)
  var aliasesToClient = TopicAliases(maximum: 0)
  /// The longest packet the client takes.
  var clientMaximumPacket = Int.max
  /// A session that ends with its connection cannot be made to outlive it later.
  var mayExtendSession = false

  /// Known once CONNECT has come.
  package internal(set) var version = MQTTVersion.v3_1_1
  /// As the client gave it, or as it was assigned; empty before CONNECT.
  package internal(set) var clientID: [UInt8] = []
  /// To be published if the connection ends without DISCONNECT.
  package internal(set) var will: MQTTWill?
  /// 0: none.
  package internal(set) var keepAliveSeconds = 0
  /// How long the session outlives its connection; 0: not at all; `UInt32.max`: for good.
  package internal(set) var sessionExpirySeconds: UInt32 = 0
  package internal(set) var subscriptions: [MQTTSubscription] = []

  package init(_ limits: MQTTLimits = MQTTLimits()) {
    self.limits = limits
    outbound = OutboundWindow(limit: limits.maxInFlight)
  }

  package var isConnected: Bool { stage == .connected }

  /// As many messages of QoS 1 and 2 as are allowed wait for the client's acknowledgement.
  package var isWindowFull: Bool { outbound.isFull }

  /// How many do.
  package var inFlightToClient: Int { outbound.messages.count }

  /// The message of QoS 1 or 2 that was sent last, while it is in flight.
  package var newestInFlight: MQTTOutboundMessage? { outbound.messages.last }

  /// How many messages of QoS 1 and 2 from the client have no final answer.
  package var inFlightFromClient: Int { unanswered }

  /// What a later connection needs to go on. Made anew by each call.
  package var state: MQTTSessionState {
    var state = MQTTSessionState()
    state.subscriptions = subscriptions
    state.inbound = inbound.received
    state.outbound = outbound.messages
    return state
  }

  /// A whole packet has come.
  /// - Parameter replies: what is to be sent at once is appended to it.
  @_lifetime(copy body)
  package mutating func receive(
    _ header: MQTTFixedHeader, _ body: RawSpan, replies: inout ByteWriter
  ) throws(MQTTViolation) -> MQTTAction {
    guard stage == .connected else { return try receiveFirst(header, body, &replies) }
    switch header.type {
    case .publish: return try publish(header.flags, body)
    case .puback: return try puback(body)
    case .pubrec: return try pubrec(body, &replies)
    case .pubrel: return try pubrel(body, &replies)
    case .pubcomp: return try pubcomp(body)
    case .subscribe: return .subscribe(try MQTTSubscribe(body, version))
    case .unsubscribe: return try unsubscribe(body)
    case .pingreq:
      guard body.byteCount == 0 else { throw .trailingBytes }
      replies.appendMQTTHeader(.pingresp, bodyBytes: 0)
      return .none
    case .disconnect: return try disconnect(body)
    case .connect: throw .secondConnect
    case .connack, .suback, .unsuback, .pingresp: throw .serverPacket
    case .auth: throw version == .v5 ? .unexpectedAuthentication : .reservedPacketType
    }
  }

  /// What waited for it is durable: its answer goes out.
  package mutating func committed(_ acknowledgement: MQTTAcknowledgement, replies: inout ByteWriter) {
    switch acknowledgement.kind {
    case .puback, .pubcomp: unanswered -= unanswered > 0 ? 1 : 0
    case .pubrec: inbound.received(acknowledgement.packetID)
    case .deferred:
      if !deferred.isEmpty { replies.append(deferred.removeFirst()) }
      return
    }
    acknowledgement.append(.success, version, to: &replies)
  }

  @_lifetime(immortal)
  private mutating func disconnect(_ body: RawSpan) throws(MQTTViolation) -> MQTTAction {
    let packet = try MQTTDisconnect(body, version)
    if let seconds = packet.sessionExpirySeconds {
      guard mayExtendSession || seconds == 0 else { throw .raisedSessionExpiry }
      sessionExpirySeconds = min(seconds, limits.maxSessionExpirySeconds)
    }
    if packet.reason == .success { will = nil }
    stage = .ended
    return .disconnect
  }

  /// The server ends the connection: appends what the client is told of it, where its version has a word for that.
  package mutating func end(_ reason: MQTTReason, replies: inout ByteWriter) {
    defer { stage = .ended }
    guard version == .v5 else { return }
    switch stage {
    case .awaitingConnect, .connecting: MQTTConnack.append(reason, version, to: &replies)
    case .connected: MQTTDisconnect.append(reason, to: &replies)
    case .ended: break
    }
  }
}
