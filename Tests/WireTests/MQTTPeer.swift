import Bytes
import Records
import Support
import Wire

/// A session fed with bytes, as a server would: keeps what it was asked to do.
final class MQTTPeer {
  var session: MQTTSession
  private var input: [UInt8] = []
  private var replies = ByteWriter()

  var isConnected: Bool { session.isConnected }
  var keepAliveSeconds: Int { session.keepAliveSeconds }
  var clientID: [UInt8] { session.clientID }
  var will: MQTTWill? { session.will }
  var subscriptions: [MQTTSubscription] { session.subscriptions }

  private(set) var stored: [String] = []
  private(set) var storedHeaders: [RecordHeaders] = []
  private(set) var due: [MQTTAcknowledgement] = []
  private(set) var subscribed: [MQTTSubscriptionChange] = []
  private(set) var unsubscribed: [MQTTSubscription] = []
  private(set) var refusal: MQTTReason?
  private(set) var hasDisconnected = false
  private(set) var windowOpenings = 0

  private let refuses: MQTTReason?
  /// A session that an earlier connection had.
  private let earlier: MQTTSessionState?

  init(
    _ limits: MQTTLimits = MQTTLimits(), refusing refusal: MQTTReason? = nil, resuming earlier: MQTTSessionState? = nil
  ) {
    refuses = refusal
    self.earlier = earlier
    session = MQTTSession(limits)
  }

  func connect(_ clientID: String = "peer", level: UInt8 = 4) throws(MQTTViolation) {
    try feed(level == 5 ? MQTTBytes.connect5(clientID) : MQTTBytes.connect(clientID))
    precondition(isConnected)
    replies.removeAll()
  }

  func feed(_ bytes: [UInt8]) throws(MQTTViolation) {
    var input = self.input + bytes
    self.input = input
    while let header = try MQTTFixedHeader.parse(input.span.bytes, limit: MQTTCase.maxPacketBytes) {
      guard input.count >= header.packetBytes else { return }
      let body = Array(input[header.headerBytes..<header.packetBytes])
      input.removeFirst(header.packetBytes)
      self.input = input
      try receive(header, body.span.bytes)
    }
  }

  private func receive(_ header: MQTTFixedHeader, _ body: RawSpan) throws(MQTTViolation) {
    switch try session.receive(header, body, replies: &replies) {
    case .none: break
    case .connect:
      let connect = try MQTTConnect(body)
      if let refuses {
        session.refuse(refuses, replies: &replies)
      } else {
        session.accept(
          connect, clientID: connect.clientID.byteCount > 0 ? connect.clientID.array : Array("assigned".utf8),
          state: earlier ?? MQTTSessionState(), isPresent: earlier != nil, replies: &replies)
      }
    case .refused(let refusal): self.refusal = refusal
    case .store(let publish, let acknowledgement):
      stored.append("\(publish.topic.text)=\(publish.payload.text)\(publish.isRetained ? " retained" : "")")
      var headers = ByteWriter()
      let count = publish.appendHeaders(to: &headers)
      storedHeaders.append(RecordHeaders(count: count, bytes: headers.array))
      if let acknowledgement { due.append(acknowledgement) }
    case .acknowledge(let acknowledgement): due.append(acknowledgement)
    case .release(let acknowledgement): session.committed(acknowledgement, replies: &replies)
    case .subscribe(let packet):
      let (changes, acknowledgement) = session.subscribe(packet) { _ in nil }
      subscribed += changes
      session.committed(acknowledgement, replies: &replies)
    case .unsubscribed(let subscriptions, let acknowledgement):
      unsubscribed += subscriptions
      session.committed(acknowledgement, replies: &replies)
    case .acknowledged: windowOpenings += 1
    case .disconnect: hasDisconnected = true
    }
  }

  /// Everything stored so far is durable.
  func commit() {
    for acknowledgement in due { session.committed(acknowledgement, replies: &replies) }
    due = []
  }

  func deliver(
    _ topic: String, _ payload: String, _ qos: MQTTQoS, _ headers: RecordHeaders = .none, isRetained: Bool = false,
    subscriptionIDs: [UInt32] = [], expirySeconds: UInt32? = nil
  ) -> Bool {
    let record = OwnedRecord(
      offset: 0, timestamp: Timestamp(milliseconds: 0), topic: Array(topic.utf8), payload: Array(payload.utf8),
      headerCount: headers.count, headerBytes: headers.bytes)
    return session.deliver(
      record.view, qos: qos, isRetained: isRetained, subscriptionIDs: subscriptionIDs, expirySeconds: expirySeconds,
      to: &replies) == .sent
  }

  /// The connection ends for what the client did.
  func end(_ violation: MQTTViolation) { session.end(violation.reason, replies: &replies) }

  func takeReplies() -> [UInt8] {
    defer { replies.removeAll() }
    return replies.array
  }
}
