import Bytes
import Glibc
import Platform
import Records
import Support
import Synchronization
import Wire

/// A Kafka broker of one topic with one partition that checks of every batch what a real one does: checksum, numbering,
/// producer and sequence. One connection at a time, on a thread of its own; speaks the oldest versions there are to speak.
final class StrictKafkaBroker: Sendable {
  struct State {
    /// Offset header and payload of each record stored, in order.
    var stored: [String] = []
    var problems: [String] = []
    var producers: Int64 = 100
    /// For each producer: the first and the behind-last sequence of every batch stored.
    var sequences: [Int64: [ClosedRange<Int32>]] = [:]
    /// What the broker does with a batch before anything else: an error code, −2 to close the connection unanswered after
    /// storing it, or 0.
    var mood: @Sendable (_ payloads: [String], _ count: Int) -> Int16 = { _, _ in 0 }
    var produced = 0
  }

  let address: String
  let state = Mutex(State())
  private let listener: Int32
  private let thread = Mutex<NamedThread?>(nil)

  init() throws {
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let listener = self.listener
    let bound = withUnsafeMutablePointer(to: &name) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(listener, address, length) == 0 && listen(listener, 8) == 0 && getsockname(listener, address, &length) == 0
      }
    }
    guard bound else { throw TestFailure("no socket for the broker") }
    address = "127.0.0.1:\(UInt16(bigEndian: name.sin_port))"
    start()
  }

  private func start() {
    thread.withLock { thread in
      thread = NamedThread.start("kafka") { [self] in
        while true {
          let client = accept(listener, nil, nil)
          guard client >= 0 else { return }
          serve(client)
          close(client)
        }
      }
    }
  }

  /// Closes the door and waits for the thread; the connection must have ended.
  func stop() {
    shutdown(listener, Int32(SHUT_RDWR))
    if let running = thread.withLock({ $0.take() }) { running.join() }
    close(listener)
  }

  private func serve(_ client: Int32) {
    while let size = Self.read(client, 4).map({ $0.reduce(0) { $0 << 8 | Int($1) } }),
      let request = Self.read(client, size)
    {
      guard let answer = answer(request) else { return }
      var writer = ByteWriter()
      writer.append(Int32(answer.count + 4))
      writer.append(request[4..<8].reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
      writer.append(answer)
      let bytes = writer.array
      guard Glibc.send(client, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else { return }
    }
  }

  private static func read(_ client: Int32, _ count: Int) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: count)
    return recv(client, &bytes, count, Int32(MSG_WAITALL)) == count ? bytes : nil
  }

  /// The body; nil: the connection ends.
  private func answer(_ request: [UInt8]) -> [UInt8]? {
    let port = UInt16(address.split(separator: ":")[1]) ?? 0
    switch Int16(request[0]) << 8 | Int16(request[1]) {
    case 18:
      // Version 3 is not known here.
      if request[3] != 0 { return hex("0023 00000000") }
      return hex("0000 00000003 0000 0000 0007 0003 0000 0007 0016 0000 0001")
    case 3:
      var writer = ByteWriter()
      writer.append(hex("00000000 00000001 00000001 0009") + Array("127.0.0.1".utf8) + [0, 0])
      writer.append(port)
      writer.append(
        hex("ffff ffff 00000001 00000001 0000 0001 74 00 00000001 0000 00000000 00000001 00000000")
          + hex("00000000 00000000 00000000"))
      return writer.array
    case 22:
      let id = state.withLock { state in
        state.producers += 1
        return state.producers
      }
      var writer = ByteWriter()
      writer.append(hex("00000000 0000"))
      writer.append(id)
      writer.append(Int16(0))
      return writer.array
    case 0: return produce(request)
    default: return nil
    }
  }

  private func produce(_ request: [UInt8]) -> [UInt8]? {
    // Behind the header: no transaction, acks, time limit, one topic `t`, one partition, 0, the size of the batch.
    let name = Int(request[9])
    let batch = Array(request[(10 + name + 8 + 4 + 3 + 4 + 4 + 4)...])
    let error = state.withLock { state in Self.store(batch, &state) }
    guard error != -2 else { return nil }
    var writer = ByteWriter()
    writer.append(hex("00000001 0001 74 00000001 00000000"))
    writer.append(error)
    writer.append(hex("0000000000000000 ffffffffffffffff 0000000000000000 00000000"))
    return writer.array
  }

  private static func store(_ batch: [UInt8], _ state: inout State) -> Int16 {
    if let problem = KafkaBatch.problem(with: batch.span.bytes) {
      state.problems.append(problem)
      return 87
    }
    guard case .header(let header) = RecordBatchHeader.parse(batch.span.bytes) else { return 87 }
    let records = unpack(batch, header)
    state.produced += 1
    let mood = state.mood(records.map { String($0.split(separator: "=")[1]) }, state.produced)
    guard mood == 0 || mood == -2 else { return mood }
    let last = header.baseSequence + header.recordCount - 1
    let known = state.sequences[header.producerID] ?? []
    if known.contains(header.baseSequence...last) { return 46 }
    guard header.baseSequence == (known.last.map { $0.upperBound + 1 } ?? 0) else { return 45 }
    state.sequences[header.producerID] = known + [header.baseSequence...last]
    state.stored += records
    return mood
  }

  /// `OFFSET=PAYLOAD` of each.
  private static func unpack(_ batch: [UInt8], _ header: RecordBatchHeader) -> [String] {
    var texts: [String] = []
    let frame = Array(batch.dropFirst(RecordBatchHeader.byteCount))
    var plain = ByteWriter()
    var decompressor = ZstdDecompressor()
    guard (try? decompressor.decompress(frame.span.bytes, into: &plain, limit: 64 << 20)) != nil else { return [] }
    var iterator = RecordIterator(header, records: plain.bytes)
    while let record = iterator.next() {
      texts.append("\(record.header("forebay-offset") ?? "?")=\(record.payload.text)")
    }
    return texts
  }
}
