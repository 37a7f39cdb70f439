package import Bytes

/// One connection to a RabbitMQ node's stream listener, from a producer's side: introduces itself, logs in, opens the virtual
/// host, then carries requests. Knows no socket and no clock. One owner, one thread.
///
/// What is to be sent is appended to `output`; whoever owns the socket sends it and takes it away. A thrown error ends the
/// connection. Once `heartbeatSeconds` is known, its owner sends a heartbeat whenever nothing else has been sent for so long,
/// and gives a connection up on which nothing has come for twice that.
package struct RabbitMQConnection: ~Copyable {
  package struct Credentials: Hashable, Sendable {
    package var user: String
    package var password: String
    package var virtualHost: String

    package init(user: String = "guest", password: String = "guest", virtualHost: String = "/") {
      self.user = user
      self.password = password
      self.virtualHost = virtualHost
    }
  }

  package enum Failure: Error, Hashable, Sendable, CustomStringConvertible {
    case malformed(RabbitMQMalformed)
    /// The node does not do what it was asked for.
    case refused(RabbitMQCommand, RabbitMQResponseCode)
    case mechanism(offered: [String])
    /// The node ends the connection, in its words.
    case closed(RabbitMQResponseCode, said: String)

    package var description: String {
      switch self {
      case .malformed(let malformed): malformed.description
      case .refused(_, let code): code.description
      case .mechanism(let offered):
        "the node does not take PLAIN, but \(offered.joined(separator: ", ")); enable it in auth_mechanisms"
      case .closed(let code, let said): said.isEmpty ? "\(code)" : "\(code); the node says: \(said)"
      }
    }
  }

  package enum Event: Hashable, Sendable {
    /// Requests may be made. Where the node can be reached by its own account; nil: it does not say.
    case ready(RabbitMQMetadata.Node?)
    case created(RabbitMQResponseCode)
    case partitions(RabbitMQResponseCode, [String])
    case metadata(RabbitMQMetadata)
    case publisherDeclared(RabbitMQResponseCode)
    /// The last publishing id that the stream has of the publisher; 0: none.
    case publisherSequence(RabbitMQResponseCode, UInt64)
    case outcome(RabbitMQOutcome)
    /// The stream is not where it was.
    case moved(RabbitMQResponseCode, stream: String)
  }

  package var output = ByteWriter(capacity: 1 << 10)
  /// Agreed on; 0: none.
  package private(set) var heartbeatSeconds = 0
  /// The longest frame that the node takes; 0: of any length.
  package private(set) var maximumFrameBytes = 1 << 20
  /// The node's version, as it calls it.
  package private(set) var serverVersion = ""

  private let credentials: Credentials
  private let name: String
  private var input = ByteWriter(capacity: 1 << 10)
  private var nextCorrelationID: UInt32 = 1
  /// Without an answer.
  private var waiting: [UInt32: RabbitMQCommand] = [:]

  private static let wantedHeartbeatSeconds: UInt32 = 20
  /// What a node has unless it is set otherwise.
  private static let wantedFrameBytes: UInt32 = 1 << 20

  /// Introduces itself.
  /// - Parameter name: for the node's list of connections.
  package init(name: String, credentials: Credentials) {
    self.name = name
    self.credentials = credentials
    request(.peerProperties) {
      $0.append(rabbit: [
        ("product", "Forebay"), ("platform", "Swift"), ("version", "1"), ("connection_name", name),
      ])
    }
  }

  // Requests, once it is ready.

  package mutating func create(_ stream: String, _ limits: RabbitMQStreamLimits) {
    request(.create) {
      $0.append(rabbit: stream)
      $0.append(rabbit: limits.arguments)
    }
  }

  package mutating func requestPartitions(of superStream: String) {
    request(.partitions) { $0.append(rabbit: superStream) }
  }

  package mutating func requestMetadata(of stream: String) {
    request(.metadata) {
      $0.append(Int32(1))
      $0.append(rabbit: stream)
    }
  }

  /// - Parameter reference: at most 255 bytes; the stream remembers what it has had of it.
  package mutating func declarePublisher(_ publisher: UInt8, reference: String, stream: String) {
    request(.declarePublisher) {
      $0.append(publisher)
      $0.append(rabbit: reference)
      $0.append(rabbit: stream)
    }
  }

  package mutating func querySequence(reference: String, stream: String) {
    request(.queryPublisherSequence) {
      $0.append(rabbit: reference)
      $0.append(rabbit: stream)
    }
  }

  package mutating func heartbeat() { output.appendFrame(.heartbeat) }

  /// Says good-bye; nothing else is sent afterwards.
  package mutating func close() {
    request(.close) {
      $0.append(RabbitMQResponseCode.ok.rawValue)
      $0.append(rabbit: "the gateway has nothing more to say")
    }
  }

  private mutating func request(_ command: RabbitMQCommand, _ body: (inout ByteWriter) -> Void) {
    let correlationID = nextCorrelationID
    nextCorrelationID &+= 1
    waiting[correlationID] = command
    output.appendFrame(command) {
      $0.append(correlationID)
      body(&$0)
    }
  }

  // Answers.

  /// Takes what came from the node; whole frames become events.
  package mutating func receive(_ bytes: RawSpan) throws(Failure) -> [Event] {
    input.append(bytes)
    var events: [Event] = []
    var consumed = 0
    do throws(RabbitMQMalformed) {
      while let (command, body) = try Self.next(input, &consumed) {
        if let event = try handle(command, body) { events.append(event) }
      }
    } catch {
      throw .malformed(error)
    }
    input.removeFirst(consumed)
    if let failure { throw failure }
    return events
  }

  /// Why the connection is over.
  private var failure: Failure?

  /// The next whole frame, as bytes of its own.
  private static func next(
    _ input: borrowing ByteWriter, _ consumed: inout Int
  ) throws(RabbitMQMalformed) -> (RabbitMQCommand?, [UInt8])? {
    let rest = input.bytes.extracting(droppingFirst: consumed)
    guard let frame = try RabbitMQFrame.parse(rest) else { return nil }
    consumed += frame.byteCount
    return (frame.command, rest.extracting(RabbitMQFrame.headBytes..<frame.byteCount).array)
  }

  private mutating func handle(_ command: RabbitMQCommand?, _ body: [UInt8]) throws(RabbitMQMalformed) -> Event? {
    let bytes = body.span.bytes
    switch command {
    case .publishConfirm: return .outcome(try .confirms(bytes))
    case .publishError: return .outcome(try .errors(bytes))
    case .metadataUpdate:
      var reader = RabbitMQReader(bytes, "MetadataUpdate")
      let code = try reader.code()
      return .moved(code, stream: try reader.text())
    case .tune: try tune(bytes)
    case .close: try takeClose(bytes)
    // What a producer need not know of is passed over.
    case .heartbeat, .publish, nil: break
    default: return try takeAnswer(command!, bytes)
    }
    return nil
  }

  private mutating func tune(_ body: RawSpan) throws(RabbitMQMalformed) {
    var reader = RabbitMQReader(body, "Tune")
    let (frame, heartbeat) = (try reader.uint32(), try reader.uint32())
    let agreedFrame = frame == 0 ? Self.wantedFrameBytes : min(frame, Self.wantedFrameBytes)
    let agreedHeartbeat = heartbeat == 0 ? Self.wantedHeartbeatSeconds : min(heartbeat, Self.wantedHeartbeatSeconds)
    maximumFrameBytes = Int(agreedFrame)
    heartbeatSeconds = Int(agreedHeartbeat)
    // It has no correlation id, and is answered with itself.
    output.appendFrame(.tune) {
      $0.append(agreedFrame)
      $0.append(agreedHeartbeat)
    }
    let host = credentials.virtualHost
    request(.open) { $0.append(rabbit: host) }
  }

  private mutating func takeClose(_ body: RawSpan) throws(RabbitMQMalformed) {
    var reader = RabbitMQReader(body, "Close")
    // An answer to our own is of the same key: a node that ends the connection gives a reason behind the code.
    let correlationID = try reader.uint32()
    if waiting.removeValue(forKey: correlationID) == .close { return }
    let code = try reader.code()
    failure = .closed(code, said: try reader.text())
  }

  private mutating func takeAnswer(
    _ command: RabbitMQCommand, _ body: RawSpan
  ) throws(RabbitMQMalformed) -> Event? {
    var reader = RabbitMQReader(body, "\(command)")
    let correlationID = try reader.uint32()
    // An answer to nobody's question is passed over.
    guard waiting.removeValue(forKey: correlationID) == command else { return nil }
    if command == .metadata { return .metadata(try RabbitMQMetadata(body.extracting(droppingFirst: 4))) }
    let code = try reader.code()
    switch command {
    case .create: return .created(code)
    case .declarePublisher: return .publisherDeclared(code)
    case .queryPublisherSequence: return .publisherSequence(code, code == .ok ? try reader.uint64() : 0)
    case .partitions: return .partitions(code, code == .ok ? try reader.texts() : [])
    default: break
    }
    guard code == .ok else {
      failure = .refused(command, code)
      return nil
    }
    switch command {
    case .peerProperties:
      serverVersion = try reader.map()["version"] ?? ""
      request(.saslHandshake) { _ in }
    case .saslHandshake: logIn(try reader.texts())
    case .open: return .ready(Self.node(try reader.map()))
    // Tune follows by itself.
    default: break
    }
    return nil
  }

  private mutating func logIn(_ mechanisms: [String]) {
    guard mechanisms.contains(SASLMechanism.plain.rawValue) else {
      failure = .mechanism(offered: mechanisms)
      return
    }
    let message = SASLMechanism.plainMessage(user: credentials.user, password: credentials.password)
    request(.saslAuthenticate) {
      $0.append(rabbit: SASLMechanism.plain.rawValue)
      $0.append(Int32(message.count))
      $0.append(message)
    }
  }

  private static func node(_ properties: [String: String]) -> RabbitMQMetadata.Node? {
    guard let host = properties["advertised_host"], let port = properties["advertised_port"].flatMap({ UInt32($0) })
    else { return nil }
    return RabbitMQMetadata.Node(host: host, port: port)
  }
}
