import Bytes
import Support
import Testing
import Wire

/// The life of a connection: versions, login, requests; against a server that the test plays.
struct KafkaConnectionTests {
  /// Kafka 2.1 with SASL: SaslHandshake 1 and SaslAuthenticate 0, Metadata 7, Produce 7.
  private static let versions = hex("0000 00000004 0000 0000 0007 0003 0000 0007 0011 0000 0001 0024 0000 0000")

  private func answer(_ correlationID: Int32, _ body: [UInt8]) -> [UInt8] {
    var writer = ByteWriter()
    writer.append(Int32(body.count + 4))
    writer.append(correlationID)
    writer.append(body)
    return writer.array
  }

  /// The body of an answer to SaslAuthenticate v0.
  private func said(_ words: String, error: Int16 = 0, message: String? = nil) -> [UInt8] {
    var writer = ByteWriter()
    writer.append(error)
    writer.append(Int16(message?.utf8.count ?? -1))
    writer.append(message ?? "")
    writer.append(Int32(words.utf8.count))
    writer.append(words)
    return writer.array
  }

  private func connection(
    _ mechanism: SASLMechanism, password: String = "pencil"
  ) throws -> KafkaConnection {
    var connection = KafkaConnection(
      clientID: "c", credentials: .init(mechanism, user: "user", password: password), nonce: "rOprNGfwEbeRWgbNEkqO")
    // Not version 3, but 0, if you please.
    _ = try connection.receive(answer(1, hex("0023 00000000")).span.bytes)
    _ = try connection.receive(answer(2, Self.versions).span.bytes)
    connection.output.removeAll()
    _ = try connection.receive(answer(3, hex("0000 00000001 0005 504c41494e")).span.bytes)
    return connection
  }

  /// What the last request says behind its header and the message's length.
  private func lastMessage(_ connection: inout KafkaConnection) -> String {
    let bytes = connection.output.array.dropFirst(4 + 2 + 2 + 4 + 2 + 1 + 4)
    connection.output.removeAll()
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test func `an old broker is asked again, and a password goes as it is where that is wanted`() throws {
    var connection = try connection(.plain)
    let message = lastMessage(&connection)
    #expect(message == "\0user\0pencil")
    let before = connection.isReady
    let events = try connection.receive(answer(4, said("")).span.bytes)
    let (after, waiting) = (connection.isReady, connection.waitingCount)
    #expect(!before && after && events == [.ready] && waiting == 0)
  }

  @Test func `a refused password is told with the broker's words`() throws {
    var connection = try connection(.plain)
    let refused = answer(4, said("", error: 58, message: "no such user"))
    var failure: KafkaConnection.Failure?
    do { _ = try connection.receive(refused.span.bytes) } catch { failure = error }
    #expect(failure == .broker(.saslAuthenticationFailed, said: "no such user"))
    #expect(failure.map { "\($0)".contains("set `user` and `password`") } == true)
  }

  private static let serverFirst =
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"

  @Test(arguments: [
    ("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", nil),
    ("v=AAAATRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", KafkaConnection.Failure.scram(.wrongSignature)),
    // A broker that says yes, and means no.
    ("e=unknown-user", .scram(.refused("unknown-user"))), ("", .scram(.malformed)),
  ])
  func `a login with SCRAM ends with the server's proof, or not at all`(
    final: String, expected: KafkaConnection.Failure?
  ) throws {
    var connection = try connection(.scramSHA256)
    let first = lastMessage(&connection)
    #expect(first == "n,,n=user,r=rOprNGfwEbeRWgbNEkqO")
    let none = try connection.receive(answer(4, said(Self.serverFirst)).span.bytes)
    let proof = lastMessage(&connection)
    #expect(none.isEmpty && proof.hasSuffix(",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="))
    var failure: KafkaConnection.Failure?
    var events: [KafkaConnection.Event] = []
    do { events = try connection.receive(answer(5, said(final)).span.bytes) } catch { failure = error }
    #expect(failure == expected && (events == [.ready]) == (expected == nil))
  }

  @Test func `a mechanism that the broker does not have`() throws {
    var connection = KafkaConnection(
      clientID: "c", credentials: .init(.scramSHA512, user: "u", password: "p"), nonce: "n")
    _ = try connection.receive(answer(1, hex("0023 00000000")).span.bytes)
    _ = try connection.receive(answer(2, Self.versions).span.bytes)
    var failure: KafkaConnection.Failure?
    do {
      _ = try connection.receive(answer(3, hex("0021 00000001 0005 504c41494e")).span.bytes)
    } catch {
      failure = error
    }
    #expect(failure == .mechanism(.scramSHA512, offered: ["PLAIN"]))
  }

  @Test func `answers come in pieces and in any order, and those to nobody are passed over`() throws {
    var connection = KafkaConnection(clientID: "c", credentials: nil, nonce: "n")
    let versions = hex("0000 04 0000 0000 0007 00 0003 0000 0007 00 0016 0000 0001 00 00000000 00")
    var events = try connection.receive(answer(1, versions).span.bytes)
    #expect(events == [.ready])
    try connection.requestProducerID()
    try connection.requestProducerID()
    let stray = answer(77, [1, 2, 3])
    let second = answer(3, hex("00000000 0000 0000000000000002 0000"))
    let first = answer(2, hex("00000000 0000 0000000000000001 0000"))
    events = []
    for byte in stray + second + first { events += try connection.receive([byte].span.bytes) }
    let ids = events.map { event in if case .producer(let answer) = event { answer.producer.id } else { Int64(-1) } }
    #expect(ids == [2, 1])
  }

  @Test func `a broker without a version in common`() throws {
    var connection = KafkaConnection(clientID: "c", credentials: nil, nonce: "n")
    _ = try connection.receive(answer(1, hex("0000 02 0000 0000 0002 00 00000000 00")).span.bytes)
    var failure: KafkaConnection.Failure?
    do { try connection.requestMetadata(of: ["t"], mayCreate: false) } catch { failure = error }
    #expect(failure == .noCommonVersion(.metadata))
    do { _ = try connection.receive("HTTP/1.1 400 Bad".utf8.span.bytes) } catch { failure = error }
    #expect(failure.map { "\($0)".contains("is not Kafka's protocol") } == true)
  }
}
