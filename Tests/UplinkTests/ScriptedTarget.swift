import Bytes
import Records
import Support
import Uplink

/// A far side whose moods a seed decides: it refuses connections, loses them, confirms late or never, and remembers
/// everything it was sent. One for the whole life of a gateway, across its crashes.
final class FarSide {
  /// How it knows what it has had before.
  enum Memory: CaseIterable {
    /// Not at all: what comes again is there twice.
    case none
    /// It keeps the highest number that it was given, as a RabbitMQ stream does.
    case highestNumber
    /// It takes only the number that is due, as a Kafka partition does.
    case sequence
  }

  var random: SeededGenerator
  let memory: Memory
  /// Every shipment that arrived whole, in order of arrival: its first offset and its record bytes.
  private(set) var arrived: [(first: Offset, bytes: [UInt8])] = []
  /// Offset and payload of every record that was stored.
  private(set) var records: [Stored] = []

  /// A record as it arrived.
  struct Stored {
    var offset: Offset
    var payload: String
    var lane: Lane
  }

  /// 0: everything works at once.
  var trouble = 4
  /// By producer, and by lane where the offsets themselves are the numbers: numbers below it have been stored.
  private var due: [Int64: Int64] = [:]

  init(seed: UInt64, memory: Memory = .none) {
    random = SeededGenerator(seed: seed)
    self.memory = memory
  }

  var isInTrouble: Bool { trouble > 0 && random.oneIn(trouble) }

  /// A producer and its numbers, noted as what a shipment is recognised by.
  struct Identity {
    var producer: Int64
    var numbers: Range<Int64>

    init(_ producer: Int64, _ numbers: Range<Int64>) {
      self.producer = producer
      self.numbers = numbers
    }

    init?(_ bytes: [UInt8]?) {
      guard let bytes else { return nil }
      var reader = ByteReader(bytes.span.bytes)
      guard let producer = reader.int64(), let first = reader.int64(), let end = reader.int64() else { return nil }
      self.init(producer, first..<end)
    }

    var bytes: [UInt8] {
      var writer = ByteWriter(capacity: 24)
      writer.append(producer)
      writer.append(numbers.lowerBound)
      writer.append(numbers.upperBound)
      return writer.array
    }
  }

  /// A shipment as it travels.
  struct Parcel {
    let first: Offset
    let bytes: [UInt8]
    let records: [Stored]
    let identity: Identity

    init(_ contents: borrowing ShipmentContents, _ identity: Identity) {
      first = contents.shipment!.first
      bytes = contents.recordBytes.array
      var iterator = RecordIterator(contents.header, records: contents.recordBytes)
      var records: [Stored] = []
      while let record = iterator.next() {
        records.append(Stored(offset: record.offset, payload: record.payload.text, lane: contents.lane))
      }
      self.records = records
      self.identity = identity
    }
  }

  /// False where it cannot be taken at this place.
  func take(_ parcel: Parcel) -> Bool {
    let numbers = parcel.identity.numbers
    let due = due[parcel.identity.producer, default: 0]
    switch memory {
    case .none: break
    case .highestNumber:
      if numbers.upperBound <= due { return true }
    case .sequence:
      if numbers.upperBound <= due { return true }
      guard numbers.lowerBound == due else { return false }
    }
    self.due[parcel.identity.producer] = numbers.upperBound
    arrived.append((parcel.first, parcel.bytes))
    records += parcel.records
    return true
  }
}

/// One gateway's connection to the far side.
final class ScriptedTarget: UplinkTarget {
  private let farSide: FarSide
  private var isConnected = false
  /// Sent, and not yet at the far side.
  private var wire: [FarSide.Parcel] = []
  private var confirmationsDue = 0
  private var producer: Int64
  /// Behind everything that this producer has confirmed.
  private var next: Int64?
  let descriptor: Int32 = -1
  let wantsWrite = false
  let window: Int

  init(_ farSide: FarSide, window: Int = 1) {
    self.farSide = farSide
    self.window = window
    producer = Int64(farSide.random.below(1 << 40))
  }

  func connect() throws(TargetFailure) {
    if farSide.isInTrouble { throw TargetFailure("refused") }
    isConnected = true
  }

  func disconnect() {
    isConnected = false
    // Some of what was under way arrives all the same.
    while let parcel = wire.first, farSide.random.oneIn(2), farSide.take(parcel) { wire.removeFirst() }
    wire = []
    confirmationsDue = 0
  }

  func identify(
    _ contents: borrowing ShipmentContents, noted: [UInt8]?, behind ahead: [[UInt8]]
  ) throws(TargetFailure) -> [UInt8]? {
    // It may have something to find out first.
    if farSide.isInTrouble { return nil }
    if let noted = FarSide.Identity(noted) {
      if noted.producer != producer { next = nil }
      producer = noted.producer
      return noted.bytes
    }
    let shipment = contents.shipment!
    switch farSide.memory {
    case .none: return []
    case .highestNumber:
      return FarSide.Identity(Int64(contents.lane.rawValue), shipment.first..<shipment.end).bytes
    case .sequence:
      let first = FarSide.Identity(ahead.last)?.numbers.upperBound ?? next ?? 0
      return FarSide.Identity(producer, first..<(first + Int64(contents.recordCount))).bytes
    }
  }

  func send(_ contents: borrowing ShipmentContents, as identity: [UInt8]) throws(TargetFailure) {
    guard isConnected else { throw TargetFailure("sent without a connection") }
    guard wire.count + confirmationsDue < window else { throw TargetFailure("sent more than the window holds") }
    // Lost on the way: the far side has nothing of it.
    if farSide.isInTrouble { throw TargetFailure("lost while sending") }
    wire.append(FarSide.Parcel(contents, FarSide.Identity(identity) ?? FarSide.Identity(0, 0..<0)))
  }

  func work(isReadable: Bool) throws(TargetFailure) -> TargetProgress {
    var progress = TargetProgress()
    progress.isReady = isConnected
    while !wire.isEmpty, !farSide.isInTrouble {
      guard farSide.take(wire[0]) else { throw TargetFailure("a shipment is missing before this one") }
      next = wire.removeFirst().identity.numbers.upperBound
      confirmationsDue += 1
    }
    // The far side has the shipment, and its confirmation is lost.
    if farSide.isInTrouble { throw TargetFailure("lost before the confirmation") }
    while confirmationsDue > 0, !farSide.isInTrouble {
      confirmationsDue -= 1
      progress.confirmed += 1
    }
    return progress
  }
}
