import Bytes
import Records
import Support
import Testing
import Wire

/// Requests, byte for byte as an encoder wrote them that brokers and librdkafka's mock took.
struct KafkaRequestTests {
  private func bytes(
    _ api: KafkaAPI, _ version: Int16, _ append: (KafkaRequest, inout ByteWriter) -> Void
  ) -> [UInt8] {
    var writer = ByteWriter()
    append(KafkaRequest(api, version, correlationID: 42, clientID: "edged"), &writer)
    return writer.array
  }

  @Test(arguments: [
    (0, "0000000f 0012 0000 0000002a 0005 6564676564"),
    (3, "0000001b 0012 0003 0000002a 0005 6564676564 00 06 6564676564 04 312e30 00"),
  ])
  func `ApiVersions`(version: Int16, expected: String) {
    let made = bytes(.apiVersions, version) { KafkaAPIVersions.append($0, software: ("edged", "1.0"), to: &$1) }
    #expect(made == hex(expected))
  }

  @Test(arguments: [
    (7, "00000018 0003 0007 0000002a 0005 6564676564 00000001 0002 7431 00"),
    (9, "00000019 0003 0009 0000002a 0005 6564676564 00 02 03 7431 00 00 00 00 00"),
  ])
  func `Metadata`(version: Int16, expected: String) {
    let made = bytes(.metadata, version) { KafkaMetadata.append($0, topics: ["t1"], mayCreate: false, to: &$1) }
    #expect(made == hex(expected))
  }

  @Test(arguments: [
    (1, "00000015 0016 0001 0000002a 0005 6564676564 ffff 7fffffff"),
    (4, "00000020 0016 0004 0000002a 0005 6564676564 00 00 7fffffff ffffffffffffffff ffff 00"),
  ])
  func `InitProducerId`(version: Int16, expected: String) {
    #expect(bytes(.initProducerID, version) { KafkaProducerID.append($0, to: &$1) } == hex(expected))
  }

  @Test(arguments: [
    (
      7,
      "0000002b 0000 0007 0000002a 0005 6564676564 ffff ffff 00001388 00000001 0002 7431 00000001 00000000 00000000"
    ),
    (9, "00000024 0000 0009 0000002a 0005 6564676564 00 00 ffff 00001388 02 03 7431 02 00000000 01 00 00 00"),
  ])
  func `Produce`(version: Int16, expected: String) {
    let made = bytes(.produce, version) {
      let none: [UInt8] = []
      KafkaProduce.append(
        $0, topic: "t1", partition: 0, batch: none.span.bytes, timeoutMilliseconds: 5000, to: &$1)
    }
    #expect(made == hex(expected))
  }

  @Test func `SaslHandshake and SaslAuthenticate`() {
    let handshake = bytes(.saslHandshake, 1) { KafkaSASL.appendHandshake($0, mechanism: .scramSHA256, to: &$1) }
    #expect(handshake == hex("0000001e 0011 0001 0000002a 0005 6564676564 000d 534352414d2d5348412d323536"))
    let message = SASLMechanism.plainMessage(user: "alice", password: "secret")
    let plain = bytes(.saslAuthenticate, 1) { KafkaSASL.appendMessage($0, message, to: &$1) }
    #expect(
      plain == hex("00000020 0024 0001 0000002a 0005 6564676564 0000000d 00 616c696365 00 736563726574"))
  }

  @Test func `a batch that brokers have stored has no problem, and every flipped bit is one`() {
    let golden = hex(
      "0000000000000000 00000056 ffffffff 02 9f07dea8 0000 00000001 0000018bcfe56800 0000018bcfe56800 0000000000001092 0001"
        + "00000007 00000002 38 00 00 00 0a 6465762d31 14 7b2274223a32312e357d 02 08 73697465 02 41 0e 00 00 02 01 02 78 00"
    )
    let problem = KafkaBatch.problem(with: golden.span.bytes)
    #expect(problem == nil)
    // But for the leader's epoch, which the broker sets.
    for index in golden.indices where !(12..<16).contains(index) {
      var damaged = golden
      damaged[index] ^= 1
      let problem = KafkaBatch.problem(with: damaged.span.bytes)
      #expect(problem != nil, "byte \(index)")
    }
  }

  @Test(arguments: [
    ("", 0x106e_08d9), ("a", 0xa2d0_b27c), ("ab", 0x12d8_262a), ("abc", 0x1c94_221b), ("21", 0xc5f2_f8ec),
    ("foobar", 0xd0e4_7bbe), ("a-little-bit-long-string", 0xc53b_1da0), ("device-0001", 0xdd61_e3ff),
    ("device-0002", 0xa280_1095),
  ])
  func `keys go where the Java client has them go`(key: String, hash: UInt32) {
    let hashed = KafkaPartitioner.murmur2(key.utf8.span.bytes)
    #expect(hashed == hash)
    let partition = KafkaPartitioner.partition(of: key.utf8.span.bytes, count: 12)
    #expect(partition == Int32(hash & 0x7FFF_FFFF) % 12)
  }

  @Test func `bytes above 127 are not signed`() {
    let hashed = KafkaPartitioner.murmur2(([0x00, 0xFF, 0x80, 0x7F] as [UInt8]).span.bytes)
    #expect(hashed == 0x227e_e9ab)
  }

  @Test func `sequences begin again behind the largest`() {
    #expect(KafkaSequence.first.advanced(by: 5).rawValue == 5)
    #expect(KafkaSequence(rawValue: .max).advanced(by: 1) == .first)
    #expect(KafkaSequence(rawValue: .max - 2).advanced(by: 10).rawValue == 7)
  }
}
