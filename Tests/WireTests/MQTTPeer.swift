import Bytes
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

  func deliveryQoS(of topic: String) -> MQTTQoS? { session.deliveryQoS(of: topic.utf8.span.bytes) }

  private(set) var stored: [String] = []
  private(set) var due: [MQTTAcknowledgement] = []
  private(set) var subscribed: [MQTTSubscriptionChange] = []
  private(set) var unsubscribed: [MQTTSubscription] = []
  private(set) var refusal: MQTTRefusal?
  private(set) var hasDisconnected = false
  private(set) var windowOpenings = 0

  private let refuses: MQTTRefusal?

  init(_ limits: MQTTLimits = MQTTLimits(), refusing refusal: MQTTRefusal? = nil) {
    refuses = refusal
    session = MQTTSession(limits)
  }

  func connect(_ clientID: String = "peer") throws(MQTTViolation) {
    try feed(MQTTBytes.connect(clientID))
    precondition(takeReplies() == MQTTBytes.accepted)
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
    case .connect(let connect):
      if let refuses {
        session.refuse(refuses, replies: &replies)
      } else {
        session.accept(connect, clientID: connect.clientID.array, replies: &replies)
      }
    case .refused(let refusal): self.refusal = refusal
    case .store(let publish, let acknowledgement):
      stored.append("\(publish.topic.text)=\(publish.payload.text)\(publish.isRetained ? " retained" : "")")
      if let acknowledgement { due.append(acknowledgement) }
    case .acknowledge(let acknowledgement): due.append(acknowledgement)
    case .subscribed(let changes): subscribed += changes
    case .unsubscribed(let subscriptions): unsubscribed += subscriptions
    case .windowOpened: windowOpenings += 1
    case .disconnect: hasDisconnected = true
    }
  }

  /// Everything stored so far is durable.
  func commit() {
    for acknowledgement in due { session.committed(acknowledgement, replies: &replies) }
    due = []
  }

  func deliver(_ topic: String, _ payload: String, _ qos: MQTTQoS) -> Bool {
    session.deliver(topic: topic.utf8.span.bytes, payload: payload.utf8.span.bytes, qos: qos, to: &replies)
  }

  func takeReplies() -> [UInt8] {
    defer { replies.removeAll() }
    return replies.array
  }
}
