import Bytes
import Support
import Testing
import Wire

/// The life of a connection: introduction, login, virtual host, requests; against a node that the test plays.
struct RabbitMQConnectionTests {
  private func frame(_ content: String, _ rest: [UInt8] = []) -> [UInt8] {
    let content = hex(content) + rest
    var writer = ByteWriter()
    writer.append(UInt32(content.count))
    writer.append(content)
    return writer.array
  }

  private func text(_ text: String) -> [UInt8] {
    var writer = ByteWriter()
    writer.append(Int16(text.utf8.count))
    writer.append(text)
    return writer.array
  }

  /// What is to be sent, taken away.
  private func takeOutput(_ connection: inout RabbitMQConnection) -> [UInt8] {
    let output = connection.output.array
    connection.output.removeAll()
    return output
  }

  private func receive(_ connection: inout RabbitMQConnection, _ bytes: [UInt8]) throws -> [RabbitMQConnection.Event] {
    try connection.receive(bytes.span.bytes)
  }

  private var mechanisms: [UInt8] { frame("8012 0001 00000002 0001 00000002", text("AMQPLAIN") + text("PLAIN")) }

  private func openConnection(tune: String = "00100000 0000003c") throws -> RabbitMQConnection {
    var connection = RabbitMQConnection(name: "n", credentials: .init())
    _ = try receive(&connection, frame("8011 0001 00000001 0001 00000001", text("version") + text("3.10.8")))
    _ = try receive(&connection, mechanisms)
    _ = try receive(&connection, frame("8013 0001 00000003 0001"))
    _ = try receive(&connection, frame("0014 0001 \(tune)"))
    connection.output.removeAll()
    _ = try receive(&connection, frame("8015 0001 00000004 0001 00000000"))
    return connection
  }

  @Test func `a connection is opened with the bytes that a node of version 3 10 expects`() throws {
    var connection = RabbitMQConnection(name: "n", credentials: .init())
    let introduction = takeOutput(&connection)
    #expect(introduction.dropFirst(4).starts(with: hex("0011 0001 00000001 00000004 0007") + Array("product".utf8)))
    _ = try receive(&connection, frame("8011 0001 00000001 0001 00000001", text("version") + text("3.10.8")))
    let version = connection.serverVersion
    #expect(version == "3.10.8")
    let handshake = takeOutput(&connection)
    #expect(handshake == hex("00000008 0012 0001 00000002"))
    _ = try receive(&connection, mechanisms)
    let login = takeOutput(&connection)
    #expect(
      login == hex("0000001f 0013 0001 00000003 0005 504c41494e 0000000c 00 6775657374 00 6775657374"))
    _ = try receive(&connection, frame("8013 0001 00000003 0001"))
    _ = try receive(&connection, frame("0014 0001 00100000 0000003c"))
    let tuned = takeOutput(&connection)
    #expect(tuned == hex("0000000c 0014 0001 00100000 00000014 0000000b 0015 0001 00000004 0001 2f"))
    let (heartbeat, longest) = (connection.heartbeatSeconds, connection.maximumFrameBytes)
    #expect(heartbeat == 20 && longest == 1 << 20)
    let opened = frame(
      "8015 0001 00000004 0001 00000002",
      text("advertised_port") + text("5551") + text("advertised_host") + text("10.0.0.1"))
    // In two pieces, as a network may have it.
    let first = try receive(&connection, Array(opened.prefix(20)))
    let second = try receive(&connection, Array(opened.dropFirst(20)))
    #expect(first == [] && second == [.ready(.init(host: "10.0.0.1", port: 5551))])
  }

  @Test(
    arguments: [
      ("00100000 0000003c", 1 << 20, 20), ("00001000 00000005", 4096, 5), ("00000000 00000000", 1 << 20, 20),
      ("7fffffff 0000ffff", 1 << 20, 20),
    ])
  func `frames and heartbeats are what both agree to`(tune: String, frameBytes: Int, seconds: Int) throws {
    let connection = try openConnection(tune: tune)
    let (heartbeat, longest) = (connection.heartbeatSeconds, connection.maximumFrameBytes)
    #expect(heartbeat == seconds && longest == frameBytes)
  }

  @Test func `requests have their golden bytes`() throws {
    var connection = try openConnection()
    var limits = RabbitMQStreamLimits()
    limits.maxBytes = 1000
    limits.maxAgeSeconds = 60
    connection.create("s1", limits)
    let create = takeOutput(&connection)
    #expect(
      create
        == frame(
          "000d 0001 00000005 0002 7331 00000002",
          text("max-length-bytes") + text("1000") + text("max-age") + text("60s")))
    connection.requestMetadata(of: "s1")
    let metadata = takeOutput(&connection)
    #expect(metadata == hex("00000010 000f 0001 00000006 00000001 0002 7331"))
    connection.declarePublisher(1, reference: "edge-1", stream: "s1")
    let declare = takeOutput(&connection)
    #expect(declare == hex("00000015 0001 0001 00000007 01 0006 656467652d31 0002 7331"))
    connection.querySequence(reference: "edge-1", stream: "s1")
    let query = takeOutput(&connection)
    #expect(query == hex("00000014 0005 0001 00000008 0006 656467652d31 0002 7331"))
    connection.requestPartitions(of: "s")
    let partitions = takeOutput(&connection)
    #expect(partitions == hex("0000000b 0019 0001 00000009 0001 73"))
    connection.heartbeat()
    let heartbeat = takeOutput(&connection)
    #expect(heartbeat == hex("00000004 0017 0001"))
  }

  @Test func `answers become events`() throws {
    var connection = try openConnection()
    connection.create("s1", RabbitMQStreamLimits())
    connection.requestMetadata(of: "s1")
    connection.declarePublisher(0, reference: "r", stream: "s1")
    connection.querySequence(reference: "r", stream: "s1")
    connection.requestPartitions(of: "s")
    let events = try receive(
      &connection,
      frame("800d 0001 00000005 0005")
        + frame(
          "800f 0001 00000006 00000002 0001 0002 6831 000015b0 0002 0002 6832 000015b1 00000001 0002 7331 0001 0002 00000002 0001 0002"
        )
        + frame("8001 0001 00000007 0001") + frame("8005 0001 00000008 0001 0000000000000102")
        // As 3.10 has it: without the bit of a response.
        + frame("0019 0001 00000009 0001 00000002 0003 732d30 0003 732d31")
        + frame("0003 0001 00 00000002 0000000000000001 0000000000000002")
        + frame("0004 0001 00 00000001 0000000000000003 0012")
        + frame("0010 0001 0006 0002 7331")
        // A heartbeat, an answer that nobody waits for, and a command of another time.
        + frame("0017 0001") + frame("8001 0001 000000ff 0001") + frame("00ee 0001 01020304"))
    var outcome = RabbitMQOutcome(publisher: 0)
    outcome.confirmed = [1, 2]
    var refusal = RabbitMQOutcome(publisher: 0)
    refusal.refused = [.init(id: 3, code: .noSuchPublisher)]
    let nodes = [RabbitMQMetadata.Node(host: "h1", port: 5552), RabbitMQMetadata.Node(host: "h2", port: 5553)]
    guard case .metadata(let metadata) = events[1] else { throw TestFailure("\(events[1])") }
    #expect(metadata.code == .ok && metadata.leader == nodes[1] && metadata.replicas == nodes)
    #expect(
      events == [
        .created(.streamExists), .metadata(metadata), .publisherDeclared(.ok), .publisherSequence(.ok, 258),
        .partitions(.ok, ["s-0", "s-1"]), .outcome(outcome), .outcome(refusal),
        .moved(.streamNotAvailable, stream: "s1"),
      ])
  }

  @Test func `a stream without a leader, or that is not there, is told`() throws {
    var connection = try openConnection()
    connection.requestMetadata(of: "s1")
    connection.requestMetadata(of: "s1")
    let events = try receive(
      &connection,
      frame("800f 0001 00000005 00000000 00000001 0002 7331 0001 ffff 00000000")
        + frame("800f 0001 00000006 00000000 00000001 0002 7331 0002 ffff 00000000"))
    guard case .metadata(let leaderless) = events[0], case .metadata(let absent) = events[1] else { return }
    #expect(leaderless.code == .ok && leaderless.leader == nil && absent.code == .noSuchStream)
  }

  @Test(
    arguments: [
      ("8013 0001 00000003 0008", "refuses the user or the password; set `user` and `password`"),
      ("8013 0001 00000003 000b", "from the node's own machine alone"),
      ("0016 0001 00000001 000d 0004 6e6f7065", "does not know a command that it was sent; the node says: nope"),
      ("8013 0001 00000003", "is not RabbitMQ's stream protocol"),
    ])
  func `a login that fails says what to do`(answer: String, words: String) throws {
    var connection = RabbitMQConnection(name: "n", credentials: .init())
    _ = try receive(&connection, frame("8011 0001 00000001 0001 00000000"))
    _ = try receive(&connection, mechanisms)
    let failure: RabbitMQConnection.Failure? = {
      do throws(RabbitMQConnection.Failure) {
        _ = try connection.receive(frame(answer).span.bytes)
        return nil
      } catch {
        return error
      }
    }()
    #expect(failure?.description.contains(words) == true, "\(String(describing: failure))")
  }

  @Test func `a node that takes no password is not told one`() throws {
    var connection = RabbitMQConnection(name: "n", credentials: .init(user: "u", password: "geheim"))
    _ = try receive(&connection, frame("8011 0001 00000001 0001 00000000"))
    connection.output.removeAll()
    #expect(throws: RabbitMQConnection.Failure.mechanism(offered: ["EXTERNAL"])) {
      try connection.receive(frame("8012 0001 00000002 0001 00000001", text("EXTERNAL")).span.bytes)
    }
    let isSilent = connection.output.isEmpty
    #expect(isSilent)
  }

  @Test(
    arguments: [
      ("a web server", Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8)), ("TLS", hex("15030300020228")),
      ("a size of nothing", hex("00000000 0000")),
      ("confirms that are not there", hex("0000000d 0003 0001 00 7fffffff 00000000")),
      ("a text cut short", hex("0000000c 0010 0001 0006 0009 73317331")),
      ("nodes that are not there", hex("0000000c 800f 0001 00000005 00ffffff")),
    ])
  func `what is not the protocol ends the connection`(name: String, bytes: [UInt8]) throws {
    var connection = try openConnection()
    connection.requestMetadata(of: "s1")
    #expect(throws: RabbitMQConnection.Failure.self) { _ = try connection.receive(bytes.span.bytes) }
  }

  @Test func `truncated and mutated frames never crash`() throws {
    var random = SeededGenerator(seed: 7)
    let frames = [
      frame("800f 0001 00000005 00000001 0001 0002 6831 000015b0 00000001 0002 7331 0001 0001 00000001 0001"),
      frame("8005 0001 00000006 0001 0000000000000102"), frame("0019 0001 00000007 0001 00000001 0003 732d30"),
      frame("0003 0001 00 00000001 0000000000000001"), frame("0004 0001 00 00000001 0000000000000003 0012"),
      frame("0014 0001 00100000 0000003c"), frame("0016 0001 00000001 000d 0002 6e6f"),
    ]
    for _ in 0..<20_000 {
      var connection = try openConnection()
      connection.requestMetadata(of: "s1")
      connection.querySequence(reference: "r", stream: "s1")
      connection.requestPartitions(of: "s")
      var bytes = frames[random.below(frames.count)]
      for _ in 0..<(1 + random.below(3)) { bytes[random.below(bytes.count)] = UInt8(random.below(256)) }
      _ = try? connection.receive(bytes.span.bytes)
    }
  }
}
