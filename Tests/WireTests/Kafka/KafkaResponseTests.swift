import Bytes
import Support
import Testing
import Wire

/// Answers of brokers of many versions, and what is none.
struct KafkaResponseTests {
  @Test func `a frame is whole, or more has to come, or it is not Kafka`() throws {
    let frame = hex("00000006 0000002a 0102 ff")
    for count in 0..<10 {
      let parsed = try KafkaFrame.parse(frame.span.bytes.extracting(0..<count))
      #expect(parsed == nil)
    }
    let parsed = try #require(try KafkaFrame.parse(frame.span.bytes))
    #expect(parsed.correlationID == 42 && parsed.byteCount == 10)
    let old = KafkaRequest(.metadata, 7, correlationID: 42, clientID: "c")
    let body = try parsed.body(of: frame.span.bytes, for: old).array
    #expect(body == [1, 2])
    // A web server's greeting.
    #expect(throws: KafkaMalformed.self) { try KafkaFrame.parse("HTTP/1.1 400".utf8.span.bytes) }
  }

  @Test func `flexible headers have tags, but for the answer to ApiVersions`() throws {
    let frame = hex("0000000a 0000002a 01 05 02 aabb ff")
    let parsed = try #require(try KafkaFrame.parse(frame.span.bytes))
    let flexible = KafkaRequest(.metadata, 9, correlationID: 42, clientID: "c")
    let body = try parsed.body(of: frame.span.bytes, for: flexible).array
    #expect(body == [0xFF])
    let first = KafkaRequest(.apiVersions, 3, correlationID: 42, clientID: "c")
    let whole = try parsed.body(of: frame.span.bytes, for: first).array
    #expect(whole == hex("01 05 02 aabb ff"))
  }

  /// Kafka 2.1, 4.0, and one with nothing in common: what is spoken.
  @Test(arguments: [
    (
      0, "0000 00000003 0000 0000 0007 0003 0000 0007 0016 0000 0001",
      [KafkaAPI.produce: 7, .metadata: 7, .initProducerID: 1]
    ),
    (
      3, "0000 05 0000 0000 000c 00 0003 0000 000d 00 0016 0000 0005 00 03e7 0000 0009 00 00000000 00",
      [.produce: 10, .metadata: 9, .initProducerID: 4]
    ),
    (0, "0000 00000001 0000 0000 0005", [:]),
  ])
  func `the highest version that both speak is chosen`(version: Int16, body: String, chosen: [KafkaAPI: Int16]) throws {
    let answer = try KafkaAPIVersions.read(hex(body).span.bytes, version: version)
    guard case .versions(let versions) = answer else { throw TestFailure("\(answer)") }
    #expect(versions.chosen == chosen)
  }

  @Test(arguments: [
    (3, "0023 00000001 0012 0000 0002", KafkaAPIVersions.Answer.askAgain(version: 2)),
    (3, "0023 00000000", .askAgain(version: 0)), (3, "0023", .askAgain(version: 0)),
    (0, "0023 00000000", .failed(.unsupportedVersion)), (3, "003a", .failed(.saslAuthenticationFailed)),
  ])
  func `a broker that does not know the question is asked again`(
    version: Int16, body: String, expected: KafkaAPIVersions.Answer
  ) throws {
    let answer = try KafkaAPIVersions.read(hex(body).span.bytes, version: version)
    #expect(answer == expected)
  }

  private static let metadata7 = hex(
    "00000005 00000001 00000001 0002 6231 00002384 ffff 0003 6c6162 00000001"
      + "00000001 0000 0002 7431 00 00000002"
      + "0000 00000001 00000001 00000003 00000001 00000001 00000001 00000001 00000000"
      + "0005 00000000 ffffffff 00000000 00000000 00000000 00000000")

  private static let metadata9 = hex(
    "00000000 02 00000001 03 6231 00002384 00 00 04 6c6162 00000001"
      + "02 0000 03 7431 00 02 0000 00000000 00000001 00000003 02 00000001 02 00000001 01 00 80000000 00 80000000 00 ee"
  )

  @Test func `Metadata says who leads`() throws {
    let old = try KafkaMetadata(Self.metadata7.span.bytes, version: 7)
    #expect(old.throttleMilliseconds == 5)
    #expect(old.broker(1).map { "\($0.host):\($0.port)" } == "b1:9092")
    let topic = try #require(old.topics.first)
    #expect(topic.name == "t1" && topic.error == .none)
    #expect(topic.partitions.map(\.index) == [0, 1] && topic.partitions.map(\.leader) == [-1, 1])
    #expect(topic.partitions[1].leaderEpoch == 3)
    // With a byte more than there should be, as librdkafka's mock sends it.
    let new = try KafkaMetadata(Self.metadata9.span.bytes, version: 9)
    #expect(new.topics.first?.partitions.first?.leader == 1 && new.broker(1)?.host == "b1")
  }

  private static let produce7 = hex(
    "00000001 0002 7431 00000001 00000000 0000 0000000000000064 ffffffffffffffff 0000000000000000 00000007")

  /// NOT_LEADER_OR_FOLLOWER with the tags that name the leader and where it is.
  private static let produce10 = hex(
    "02 03 7431 02 00000000 0006 ffffffffffffffff ffffffffffffffff ffffffffffffffff"
      + "02 00000003 04 626164 00 05 6f6f7073 01 00 09 00000002 00000002 00 00 00000000"
      + "01 00 15 02 00000002 0a 3132372e302e302e31 00008397 00 00")

  @Test func `Produce says what became of a batch`() throws {
    let old = try KafkaProduce(Self.produce7.span.bytes, version: 7)
    #expect(old.throttleMilliseconds == 7)
    let stored = try #require(old.outcomes.first)
    #expect(stored.topic == "t1" && stored.error == .none && stored.baseOffset == 100)
    let new = try KafkaProduce(Self.produce10.span.bytes, version: 10)
    let moved = try #require(new.outcomes.first)
    #expect(moved.error.reaction == .retry(refreshesMetadata: true) && moved.leader == 2)
    #expect(moved.badRecords.map(\.index) == [3] && moved.badRecords.first?.message == "bad" && moved.message == "oops")
  }

  @Test func `InitProducerId gives a number`() throws {
    let answer = try KafkaProducerID.read(hex("00000000 0000 0000000000001092 0000 00").span.bytes, version: 4)
    #expect(answer.error == .none && answer.producer == KafkaProducerID(id: 4242, epoch: 0))
  }

  @Test func `SASL answers`() throws {
    let handshake = try KafkaSASL.readHandshake(
      hex("0021 00000002 0005 504c41494e 0001 58").span.bytes, version: 1)
    #expect(handshake.error.reaction == .park && handshake.mechanisms == ["PLAIN", "X"])
    let old = try KafkaSASL.readAnswer(hex("003a 0003 6e6f21 00000000").span.bytes, version: 0)
    #expect(old.error == .saslAuthenticationFailed && old.message == "no!" && old.bytes.isEmpty)
    let new = try KafkaSASL.readAnswer(hex("0000 00 03 6162 00000000000003e8 00").span.bytes, version: 2)
    #expect(new.bytes == [0x61, 0x62] && new.lifetimeMilliseconds == 1000)
  }

  @Test func `an answer that ends early is an error, wherever that is`() {
    func expectFailures(_ whole: [UInt8], until end: Int, _ read: (RawSpan) throws -> Void) {
      for count in 0..<end {
        #expect(throws: KafkaMalformed.self, "\(count) bytes") { try read(whole.span.bytes.extracting(0..<count)) }
      }
    }
    // What follows the topics is not read.
    expectFailures(Self.metadata7, until: Self.metadata7.count) { _ = try KafkaMetadata($0, version: 7) }
    expectFailures(Self.metadata9, until: Self.metadata9.count - 6) { _ = try KafkaMetadata($0, version: 9) }
    expectFailures(Self.produce7, until: Self.produce7.count) { _ = try KafkaProduce($0, version: 7) }
    expectFailures(Self.produce10, until: Self.produce10.count - 24) { _ = try KafkaProduce($0, version: 10) }
  }

  @Test func `lengths that lie end nothing but the answer`() {
    for (whole, version) in [(Self.metadata7, Int16(7)), (Self.metadata9, 9)] {
      for index in whole.indices {
        for value in [0x7F, 0x80, 0xFF] as [UInt8] {
          var forged = whole
          forged[index] = value
          _ = try? KafkaMetadata(forged.span.bytes, version: version)
          _ = try? KafkaProduce(forged.span.bytes, version: version)
          _ = try? KafkaAPIVersions.read(forged.span.bytes, version: 3)
        }
      }
    }
  }

  @Test(arguments: [
    (Int16(0), KafkaError.Reaction.success), (46, .duplicate), (3, .retry(refreshesMetadata: true)),
    (7, .retry(refreshesMetadata: false)), (10, .split), (18, .split), (32, .reject), (87, .reject), (45, .resequence),
    (59, .resequence), (47, .resequence), (29, .park), (31, .park), (2, .retryThenReject), (35, .reconnect),
    (999, .retry(refreshesMetadata: true)),
  ])
  func `what to do about each error`(code: Int16, reaction: KafkaError.Reaction) {
    #expect(KafkaError(rawValue: code).reaction == reaction)
    #expect(!KafkaError(rawValue: code).description.isEmpty)
  }
}
