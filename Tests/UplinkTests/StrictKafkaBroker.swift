import Bytes
import Glibc
import Platform
import Records
import Support
import Synchronization
import Wire

/// A Kafka cluster that checks of every batch what a real one does: checksum, numbering, producer, sequence, and whether the
/// broker that gets it leads the partition. Threads of its own; speaks the oldest versions there are to speak.
final class StrictKafkaBroker: Sendable {
  struct State {
    /// How many partitions each topic has.
    var topics: [String: Int]
    var partitions: [Place: Partition] = [:]
    var problems: [String] = []
    var producers: Int64 = 100
    /// What a broker does with a batch before anything else: an error code, −2 to close the connection unanswered after
    /// storing it, or 0.
    var mood: @Sendable (_ payloads: [String], _ count: Int) -> Int16 = { _, _ in 0 }
    var produced = 0
    /// What each answer to a batch asks the client to wait; and when batches came.
    var throttleMilliseconds: Int32 = 0
    var times: [Double] = []
    /// Batches whose records were compressed in a frame that was sent before.
    var frames: [[UInt8]] = []
    /// Added to a partition's number to find its leader: all of them move when it changes.
    var shift = 0

    /// Offset header and payload of each record stored in the first topic's partition 0, in order.
    var stored: [String] { partitions[Place(topic: "t", index: 0)]?.stored ?? [] }
    /// Every producer that has stored something.
    var producersSeen: Set<Int64> { Set(partitions.values.flatMap { $0.sequences.keys }) }
  }

  struct Place: Hashable {
    var topic: String
    var index: Int
  }

  struct Partition {
    var stored: [String] = []
    /// Device topic of each.
    var keys: [String] = []
    /// Its lane header, or an empty text.
    var lanes: [String] = []
    /// For each producer: the last five batches' first and last sequences.
    var sequences: [Int64: [ClosedRange<Int32>]] = [:]
  }

  /// Of the first broker.
  let address: String
  let state: Mutex<State>
  private let listeners: [(descriptor: Int32, port: UInt16)]
  private let threads = Mutex<[NamedThreadBox]>([])

  /// `NamedThread` cannot be in an array.
  private final class NamedThreadBox: Sendable {
    let thread: Mutex<NamedThread?>
    init(_ thread: consuming NamedThread) { self.thread = Mutex(thread) }
    func join() { if let running = thread.withLock({ $0.take() }) { running.join() } }
  }

  init(topics: [String: Int] = ["t": 1], brokers: Int = 1) throws {
    state = Mutex(State(topics: topics))
    listeners = try (0..<brokers).map { _ in try Self.listen() }
    address = "127.0.0.1:\(listeners[0].port)"
    for broker in 0..<brokers {
      let listener = listeners[broker].descriptor
      run { [self] in
        while true {
          let client = accept(listener, nil, nil)
          guard client >= 0 else { return }
          run { [self] in
            serve(client, broker)
            close(client)
          }
        }
      }
    }
  }

  private func run(_ body: @escaping @Sendable () -> Void) {
    let box = NamedThreadBox(NamedThread.start("kafka") { body() })
    threads.withLock { $0.append(box) }
  }

  private static func listen() throws -> (descriptor: Int32, port: UInt16) {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafeMutablePointer(to: &name) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(listener, address, length) == 0 && Glibc.listen(listener, 8) == 0
          && getsockname(listener, address, &length) == 0
      }
    }
    guard bound else { throw TestFailure("no socket for the broker") }
    return (listener, UInt16(bigEndian: name.sin_port))
  }

  /// Closes the doors and waits for the threads; connections must have ended.
  func stop() {
    for listener in listeners { shutdown(listener.descriptor, Int32(SHUT_RDWR)) }
    while let box = threads.withLock({ $0.popLast() }) { box.join() }
    for listener in listeners { close(listener.descriptor) }
  }

  private func serve(_ client: Int32, _ broker: Int) {
    while let size = Self.read(client, 4).map({ $0.reduce(0) { $0 << 8 | Int($1) } }),
      let request = Self.read(client, size)
    {
      guard let answer = answer(request, broker) else { return }
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
  private func answer(_ request: [UInt8], _ broker: Int) -> [UInt8]? {
    switch Int16(request[0]) << 8 | Int16(request[1]) {
    case 18:
      // Version 3 is not known here.
      if request[3] != 0 { return hex("0023 00000000") }
      return hex("0000 00000003 0000 0000 0007 0003 0000 0007 0016 0000 0001")
    case 3: return metadata()
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
    case 0: return produce(request, broker)
    default: return nil
    }
  }

  private func metadata() -> [UInt8] {
    var writer = ByteWriter()
    writer.append(hex("00000000"))
    writer.append(Int32(listeners.count))
    for (id, listener) in listeners.enumerated() {
      writer.append(Int32(id))
      writer.append(hex("0009") + Array("127.0.0.1".utf8) + [0, 0])
      writer.append(listener.port)
      writer.append(hex("ffff"))
    }
    writer.append(hex("ffff 00000000"))
    let (topics, shift) = state.withLock { ($0.topics, $0.shift) }
    writer.append(Int32(topics.count))
    for (name, count) in topics {
      writer.append(hex("0000"))
      writer.append(Int16(name.utf8.count))
      writer.append(Array(name.utf8) + [0])
      writer.append(Int32(count))
      for index in 0..<count {
        writer.append(hex("0000"))
        writer.append(Int32(index))
        writer.append(Int32((index + shift) % listeners.count))
        writer.append(hex("00000000 00000000 00000000 00000000"))
      }
    }
    return writer.array
  }

  private func produce(_ request: [UInt8], _ broker: Int) -> [UInt8]? {
    var reader = ByteReader(request.span.bytes)
    // The header: API, version, correlation id, client id; then no transaction, acks, time limit.
    guard reader.skip(8), let name = reader.uint16(), reader.skip(Int(name) + 8), reader.int32() == 1,
      let topicLength = reader.uint16(), let topic = reader.bytes(Int(topicLength)), reader.int32() == 1,
      let index = reader.int32(), let size = reader.int32(), let batch = reader.bytes(Int(size))
    else { return nil }
    let place = Place(topic: topic.text, index: Int(index))
    let bytes = batch.array
    let (error, isLeader) = state.withLock { state in
      let isLeader = (place.index + state.shift) % listeners.count == broker
      guard isLeader, place.index < state.topics[place.topic] ?? 0 else { return (Int16(6), isLeader) }
      return (Self.store(bytes, place, &state), isLeader)
    }
    guard error != -2, isLeader || error != 0 else { return nil }
    var writer = ByteWriter()
    writer.append(Int32(1))
    writer.append(topicLength)
    writer.append(topic)
    writer.append(Int32(1))
    writer.append(index)
    writer.append(error)
    writer.append(hex("0000000000000000 ffffffffffffffff 0000000000000000"))
    writer.append(state.withLock { $0.throttleMilliseconds })
    return writer.array
  }

  private static func store(_ batch: [UInt8], _ place: Place, _ state: inout State) -> Int16 {
    if let problem = KafkaBatch.problem(with: batch.span.bytes) {
      state.problems.append(problem)
      return 87
    }
    guard case .header(let header) = RecordBatchHeader.parse(batch.span.bytes) else { return 87 }
    let records = unpack(batch, header)
    state.produced += 1
    state.times.append(monotonicSeconds())
    let mood = state.mood(records.map { String($0.text.split(separator: "=")[1]) }, state.produced)
    guard mood == 0 || mood == -2 else { return mood }
    var partition = state.partitions[place] ?? Partition()
    let last = header.baseSequence + header.recordCount - 1
    let known = partition.sequences[header.producerID] ?? []
    if known.contains(header.baseSequence...last) { return mood == -2 ? -2 : 46 }
    guard header.baseSequence == (known.last.map { $0.upperBound + 1 } ?? 0) else { return 45 }
    partition.sequences[header.producerID] = (known + [header.baseSequence...last]).suffix(5)
    partition.stored += records.map(\.text)
    partition.keys += records.map(\.key)
    partition.lanes += records.map(\.lane)
    state.partitions[place] = partition
    state.frames.append(Array(batch.dropFirst(RecordBatchHeader.byteCount)))
    return mood
  }

  /// `OFFSET=PAYLOAD` of each, with its key and its lane.
  private static func unpack(
    _ batch: [UInt8], _ header: RecordBatchHeader
  ) -> [(text: String, key: String, lane: String)] {
    var found: [(text: String, key: String, lane: String)] = []
    let frame = Array(batch.dropFirst(RecordBatchHeader.byteCount))
    var plain = ByteWriter()
    var decompressor = ZstdDecompressor()
    guard (try? decompressor.decompress(frame.span.bytes, into: &plain, limit: 64 << 20)) != nil else { return [] }
    var iterator = RecordIterator(header, records: plain.bytes)
    while let record = iterator.next() {
      found.append(
        (
          "\(record.header("forebay-offset") ?? "?")=\(record.payload.text)", record.topic.text,
          record.header("forebay-lane") ?? ""
        ))
    }
    return found
  }
}
