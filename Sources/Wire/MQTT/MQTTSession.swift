package import Bytes
import Records

/// The server's side of one MQTT 3.1.1 connection: one function an event. Knows no socket, no clock and no log.
///
/// A thrown violation ends the connection; nothing more may be asked of the session then but its will.
/// The session ends with its connection. One owner, one thread.
package struct MQTTSession: ~Copyable {
  private enum State {
    case awaitingConnect
    /// CONNECT has come and has not been answered.
    case connecting
    case connected
    case ended
  }

  private let limits: MQTTLimits
  private var state = State.awaitingConnect
  private var inbound = InboundMessages()
  private var outbound: OutboundWindow

  /// As the client gave it, or as it was assigned; empty before CONNECT.
  package private(set) var clientID: [UInt8] = []
  /// To be published if the connection ends without DISCONNECT.
  package private(set) var will: MQTTWill?
  /// 0: none.
  package private(set) var keepAliveSeconds = 0
  package private(set) var subscriptions: [MQTTSubscription] = []

  package init(_ limits: MQTTLimits = MQTTLimits()) {
    self.limits = limits
    outbound = OutboundWindow(limit: limits.maxInFlight)
  }

  package var isConnected: Bool { state == .connected }

  /// A whole packet has come.
  /// - Parameter replies: what is to be sent at once is appended to it.
  @_lifetime(copy body)
  package mutating func receive(
    _ header: MQTTFixedHeader, _ body: RawSpan, replies: inout ByteWriter
  ) throws(MQTTViolation) -> MQTTAction {
    guard state == .connected else { return try receiveFirst(header, body, &replies) }
    switch header.type {
    case .publish: return try publish(header.flags, body)
    case .puback: return try puback(body)
    case .pubrel: return try pubrel(body, &replies)
    case .subscribe: return try subscribe(body, &replies)
    case .unsubscribe: return try unsubscribe(body, &replies)
    case .pingreq:
      guard body.byteCount == 0 else { throw .trailingBytes }
      replies.appendMQTTHeader(.pingresp, bodyBytes: 0)
      return .none
    case .disconnect:
      guard body.byteCount == 0 else { throw .trailingBytes }
      will = nil
      state = .ended
      return .disconnect
    case .connect: throw .secondConnect
    case .connack, .suback, .unsuback, .pingresp: throw .serverPacket
    // Nothing of QoS 2 is ever sent to a client.
    case .pubrec, .pubcomp: throw .unexpectedPacket
    }
  }
}

// Connecting.
extension MQTTSession {
  @_lifetime(copy body)
  private mutating func receiveFirst(
    _ header: MQTTFixedHeader, _ body: RawSpan, _ replies: inout ByteWriter
  ) throws(MQTTViolation) -> MQTTAction {
    guard state == .awaitingConnect, header.type == .connect else {
      throw state == .awaitingConnect ? .connectMissing : .unexpectedPacket
    }
    switch try MQTTConnect.version(of: body) {
    case .v5:
      MQTTConnack.appendRefusalOfVersion5(to: &replies)
      state = .ended
      return .refused(.unsupportedVersion)
    case .unknown:
      return refuse(.unsupportedVersion, &replies)
    case .v3_1, .v3_1_1:
      break
    }
    let connect = try MQTTConnect(body)
    let needsID = connect.version == .v3_1 || !connect.isCleanSession
    if connect.clientID.byteCount > limits.maxClientIDBytes || (connect.clientID.byteCount == 0 && needsID) {
      return refuse(.clientIDRejected, &replies)
    }
    state = .connecting
    return .connect(connect)
  }

  @_lifetime(immortal)
  private mutating func refuse(_ refusal: MQTTRefusal, _ replies: inout ByteWriter) -> MQTTAction {
    MQTTConnack.append(refusal, to: &replies)
    state = .ended
    return .refused(refusal)
  }

  /// The client may connect.
  /// - Parameter clientID: as it was given, or assigned by the server where that is empty.
  package mutating func accept(_ connect: borrowing MQTTConnect, clientID: [UInt8], replies: inout ByteWriter) {
    precondition(state == .connecting)
    self.clientID = clientID
    will = connect.will
    keepAliveSeconds = connect.keepAliveSeconds
    MQTTConnack.appendAccepted(to: &replies)
    state = .connected
  }

  /// The client may not connect: send the refusal, then close.
  package mutating func refuse(_ refusal: MQTTRefusal, replies: inout ByteWriter) {
    precondition(state == .connecting)
    _ = refuse(refusal, &replies)
  }
}

// Messages from the client.
extension MQTTSession {
  @_lifetime(copy body)
  private mutating func publish(_ flags: UInt8, _ body: RawSpan) throws(MQTTViolation) -> MQTTAction {
    let publish = try MQTTPublish(flags: flags, body)
    switch publish.qos {
    case .atMostOnce:
      return .store(publish, nil)
    case .atLeastOnce:
      return .store(publish, MQTTAcknowledgement(.puback, packetID: publish.packetID))
    case .exactlyOnce:
      let acknowledgement = MQTTAcknowledgement(.pubrec, packetID: publish.packetID)
      return inbound.begin(publish.packetID) ? .store(publish, acknowledgement) : .acknowledge(acknowledgement)
    }
  }

  /// The message is durable: its acknowledgement may go out.
  package mutating func committed(_ acknowledgement: MQTTAcknowledgement, replies: inout ByteWriter) {
    if acknowledgement.kind == .pubrec { inbound.received(acknowledgement.packetID) }
    acknowledgement.append(to: &replies)
  }

  @_lifetime(immortal)
  private mutating func pubrel(_ body: RawSpan, _ replies: inout ByteWriter) throws(MQTTViolation) -> MQTTAction {
    let packetID = try MQTTAcknowledgement.packetID(of: body)
    guard inbound.release(packetID) != .tooEarly else { throw .unexpectedPacket }
    replies.appendMQTT(.pubcomp, packetID: packetID)
    return .none
  }
}

// Messages to the client.
extension MQTTSession {
  @_lifetime(immortal)
  private mutating func subscribe(_ body: RawSpan, _ replies: inout ByteWriter) throws(MQTTViolation) -> MQTTAction {
    let packet = try MQTTSubscribe(body)
    var changes: [MQTTSubscriptionChange] = []
    let granted = packet.requests.map { filter, qos -> MQTTQoS? in
      let subscription = MQTTSubscription(filter: filter, qos: min(qos, .atLeastOnce))
      guard let change = add(subscription) else { return nil }
      changes.append(change)
      return subscription.qos
    }
    MQTTSubscribe.appendSuback(packetID: packet.packetID, granted: granted, to: &replies)
    return .subscribed(changes)
  }

  /// Nil where the limit is reached, or the filter is too deep for the trie.
  private mutating func add(_ subscription: MQTTSubscription) -> MQTTSubscriptionChange? {
    guard subscription.filter.levelCount <= TopicFilter.maximumLevels else { return nil }
    if let index = subscriptions.firstIndex(where: { $0.filter == subscription.filter }) {
      let previous = subscriptions[index]
      subscriptions[index] = subscription
      return MQTTSubscriptionChange(subscription: subscription, previous: previous)
    }
    guard subscriptions.count < limits.maxSubscriptions else { return nil }
    subscriptions.append(subscription)
    return MQTTSubscriptionChange(subscription: subscription, previous: nil)
  }

  @_lifetime(immortal)
  private mutating func unsubscribe(_ body: RawSpan, _ replies: inout ByteWriter) throws(MQTTViolation) -> MQTTAction {
    let packet = try MQTTUnsubscribe(body)
    var removed: [MQTTSubscription] = []
    for filter in packet.filters {
      guard let index = subscriptions.firstIndex(where: { $0.filter == filter }) else { continue }
      removed.append(subscriptions.remove(at: index))
    }
    replies.appendMQTT(.unsuback, packetID: packet.packetID)
    return .unsubscribed(removed)
  }

  /// As many QoS 1 messages as are allowed wait for the client's acknowledgement.
  package var isWindowFull: Bool { outbound.isFull }

  /// Appends a message to what is sent to the client.
  /// - Returns: false where the window is full: try again after `.windowOpened`.
  package mutating func deliver(
    topic: RawSpan, payload: RawSpan, qos: MQTTQoS, to writer: inout ByteWriter
  ) -> Bool {
    guard MQTTPublish.canCarry(topic: topic, payload: payload) else { return true }
    if qos == .atMostOnce {
      MQTTPublish.append(topic: topic, payload: payload, packetID: 0, to: &writer)
      return true
    }
    guard !outbound.isFull else { return false }
    MQTTPublish.append(topic: topic, payload: payload, packetID: outbound.take(), to: &writer)
    return true
  }

  /// The QoS at which a record of `topic` goes to the client: the highest of its matching filters; nil where none matches.
  package borrowing func deliveryQoS(of topic: RawSpan) -> MQTTQoS? {
    var highest: MQTTQoS?
    for subscription in subscriptions where highest != .atLeastOnce && subscription.filter.matches(topic) {
      highest = max(highest ?? .atMostOnce, subscription.qos)
    }
    return highest
  }

  @_lifetime(immortal)
  private mutating func puback(_ body: RawSpan) throws(MQTTViolation) -> MQTTAction {
    let packetID = try MQTTAcknowledgement.packetID(of: body)
    return outbound.acknowledge(packetID) ? .windowOpened : .none
  }
}
