package import Bytes

/// One connection to a Kafka broker, from the client's side: asks for versions, logs in, then carries requests. Knows no
/// socket and no clock. One owner, one thread.
///
/// What is to be sent is appended to `output`; whoever owns the socket sends it and takes it away. A thrown error ends the
/// connection.
package struct KafkaConnection: ~Copyable {
  package struct Credentials: Hashable, Sendable {
    package var mechanism: SASLMechanism
    package var user: String
    package var password: String

    package init(_ mechanism: SASLMechanism, user: String, password: String) {
      self.mechanism = mechanism
      self.user = user
      self.password = password
    }
  }

  package enum Failure: Error, Hashable, Sendable, CustomStringConvertible {
    case malformed(KafkaMalformed)
    case broker(KafkaError, said: String?)
    /// There is no version of a request that both speak.
    case noCommonVersion(KafkaAPI)
    case mechanism(SASLMechanism, offered: [String])
    case scram(SCRAMExchange.Failure)

    package var description: String {
      switch self {
      case .malformed(let malformed): malformed.description
      case .broker(let error, let said): said.map { "\(error): \($0)" } ?? error.description
      case .noCommonVersion(let api):
        "the broker speaks no version of \(api.name) that Forebay does; Kafka from 2.1 on is needed"
      case .mechanism(let mechanism, let offered):
        "the broker does not take \(mechanism.rawValue), but \(offered.joined(separator: ", ")); set `mechanism`"
      case .scram(let failure): failure.description
      }
    }
  }

  package enum Event: Hashable, Sendable {
    /// Requests may be made.
    case ready
    case metadata(KafkaMetadata)
    case producer(KafkaProducerID.Answer)
    case produced(KafkaProduce)
  }

  private enum Stage {
    case asking
    case loggingIn
    case ready
  }

  package var output = ByteWriter(capacity: 1 << 10)

  private let clientID: String
  private let credentials: Credentials?
  private var exchange: SCRAMExchange?
  private var hasSentProof = false
  private var versions = KafkaAPIVersions()
  private var stage = Stage.asking
  private var input = ByteWriter(capacity: 1 << 10)
  private var nextCorrelationID: Int32 = 1
  /// Without an answer, in the order in which they were sent.
  private var waiting: [KafkaRequest] = []

  private static let software = (name: "forebay", version: "1")

  /// Asks the first question.
  /// - Parameters:
  ///   - clientID: how the client calls itself.
  ///   - credentials: nil: the broker wants none.
  ///   - nonce: for SCRAM: printable, without a comma, never used before.
  package init(clientID: String, credentials: Credentials?, nonce: String) {
    self.clientID = clientID
    self.credentials = credentials
    exchange = credentials.flatMap {
      SCRAMExchange($0.mechanism, user: $0.user, password: $0.password, nonce: nonce)
    }
    askVersions(KafkaAPI.apiVersions.versions.upperBound)
  }

  package var isReady: Bool { if case .ready = stage { true } else { false } }

  /// Requests that have no answer yet.
  package var waitingCount: Int { waiting.count }

  // Requests, once it is ready.

  package mutating func requestMetadata(of topics: [String], mayCreate: Bool) throws(Failure) {
    let request = try make(.metadata)
    KafkaMetadata.append(request, topics: topics, mayCreate: mayCreate, to: &output)
  }

  package mutating func requestProducerID() throws(Failure) {
    let request = try make(.initProducerID)
    KafkaProducerID.append(request, to: &output)
  }

  package mutating func produce(
    _ batch: RawSpan, topic: String, partition: Int32, timeoutMilliseconds: Int32
  ) throws(Failure) {
    let request = try make(.produce)
    KafkaProduce.append(
      request, topic: topic, partition: partition, batch: batch, timeoutMilliseconds: timeoutMilliseconds, to: &output)
  }

  private mutating func make(_ api: KafkaAPI) throws(Failure) -> KafkaRequest {
    guard let version = versions.chosen[api] else { throw .noCommonVersion(api) }
    return make(api, version)
  }

  private mutating func make(_ api: KafkaAPI, _ version: Int16) -> KafkaRequest {
    let request = KafkaRequest(api, version, correlationID: nextCorrelationID, clientID: clientID)
    nextCorrelationID = nextCorrelationID == .max ? 1 : nextCorrelationID + 1
    waiting.append(request)
    return request
  }

  // Answers.

  /// Takes what came from the broker; whole answers become events.
  package mutating func receive(_ bytes: RawSpan) throws(Failure) -> [Event] {
    input.append(bytes)
    var events: [Event] = []
    while let (request, body) = try nextAnswer() {
      if let event = try handle(request, body) { events.append(event) }
    }
    return events
  }

  /// The next whole answer to a request that was made, as bytes of its own.
  private mutating func nextAnswer() throws(Failure) -> (KafkaRequest, [UInt8])? {
    do throws(KafkaMalformed) {
      while let frame = try KafkaFrame.parse(input.bytes) {
        let index = waiting.firstIndex { $0.correlationID == frame.correlationID }
        let body = try index.map { index throws(KafkaMalformed) in
          try frame.body(of: input.bytes, for: waiting[index]).array
        }
        input.removeFirst(frame.byteCount)
        // An answer to nobody's question is passed over.
        if let index, let body { return (waiting.remove(at: index), body) }
      }
    } catch {
      throw .malformed(error)
    }
    return nil
  }

  private mutating func handle(_ request: KafkaRequest, _ body: [UInt8]) throws(Failure) -> Event? {
    do {
      let bytes = body.span.bytes
      switch request.api {
      case .apiVersions: return try takeVersions(try KafkaAPIVersions.read(bytes, version: request.version))
      case .saslHandshake: return try takeHandshake(try KafkaSASL.readHandshake(bytes, version: request.version))
      case .saslAuthenticate: return try takeAnswer(try KafkaSASL.readAnswer(bytes, version: request.version))
      case .metadata: return .metadata(try KafkaMetadata(bytes, version: request.version))
      case .initProducerID: return .producer(try KafkaProducerID.read(bytes, version: request.version))
      case .produce: return .produced(try KafkaProduce(bytes, version: request.version))
      }
    } catch let error as KafkaMalformed {
      throw .malformed(error)
    } catch let error as Failure {
      throw error
    } catch {
      // Nothing else is thrown above.
      throw .malformed(KafkaMalformed(request.api.name))
    }
  }

  private mutating func askVersions(_ version: Int16) {
    let request = make(.apiVersions, version)
    KafkaAPIVersions.append(request, software: Self.software, to: &output)
  }

  private mutating func takeVersions(_ answer: KafkaAPIVersions.Answer) throws(Failure) -> Event? {
    switch answer {
    case .askAgain(let version):
      askVersions(version)
      return nil
    case .failed(let error): throw .broker(error, said: nil)
    case .versions(let versions): self.versions = versions
    }
    guard let credentials else {
      stage = .ready
      return .ready
    }
    stage = .loggingIn
    let request = try make(.saslHandshake)
    KafkaSASL.appendHandshake(request, mechanism: credentials.mechanism, to: &output)
    return nil
  }

  private mutating func takeHandshake(_ handshake: KafkaSASL.Handshake) throws(Failure) -> Event? {
    guard let credentials else { return nil }
    guard handshake.error == .none else { throw .mechanism(credentials.mechanism, offered: handshake.mechanisms) }
    let first =
      exchange?.firstMessage ?? SASLMechanism.plainMessage(user: credentials.user, password: credentials.password)
    try authenticate(first)
    return nil
  }

  private mutating func authenticate(_ message: [UInt8]) throws(Failure) {
    let request = try make(.saslAuthenticate)
    KafkaSASL.appendMessage(request, message, to: &output)
  }

  private mutating func takeAnswer(_ answer: KafkaSASL.Answer) throws(Failure) -> Event? {
    guard answer.error == .none else { throw .broker(answer.error, said: answer.message) }
    do throws(SCRAMExchange.Failure) {
      if exchange != nil, hasSentProof {
        // A broker may say yes and mean no: what counts is that it knows the password.
        try exchange?.verify(answer.bytes)
      } else if let proof = try exchange?.finalMessage(answer.bytes) {
        hasSentProof = true
        return try sendProof(proof)
      }
    } catch {
      throw .scram(error)
    }
    stage = .ready
    return .ready
  }

  private mutating func sendProof(_ proof: [UInt8]) throws(SCRAMExchange.Failure) -> Event? {
    let request = make(.saslAuthenticate, versions.chosen[.saslAuthenticate] ?? 0)
    KafkaSASL.appendMessage(request, proof, to: &output)
    return nil
  }
}
