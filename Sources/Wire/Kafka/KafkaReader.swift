import Bytes

/// Reads one response, in either form; the first thing that does not fit ends it.
struct KafkaReader: ~Escapable {
  private var bytes: ByteReader
  private let isFlexible: Bool
  private let place: String

  @_lifetime(copy body)
  init(_ body: RawSpan, _ api: KafkaAPI, _ version: Int16) {
    bytes = ByteReader(body)
    isFlexible = api.isFlexible(version)
    place = "\(api.name) v\(version)"
  }

  private func require<Value>(_ value: Value?) throws(KafkaMalformed) -> Value {
    guard let value else { throw KafkaMalformed(place) }
    return value
  }

  @_lifetime(self: copy self)
  mutating func bool() throws(KafkaMalformed) -> Bool { try require(bytes.uint8()) != 0 }
  @_lifetime(self: copy self)
  mutating func int16() throws(KafkaMalformed) -> Int16 { try require(bytes.int16()) }
  @_lifetime(self: copy self)
  mutating func int32() throws(KafkaMalformed) -> Int32 { try require(bytes.int32()) }
  @_lifetime(self: copy self)
  mutating func int64() throws(KafkaMalformed) -> Int64 { try require(bytes.int64()) }
  @_lifetime(self: copy self)
  mutating func error() throws(KafkaMalformed) -> KafkaError { KafkaError(rawValue: try int16()) }

  /// Nil: there is none, which is not the same as an empty one.
  @_lifetime(self: copy self)
  mutating func text() throws(KafkaMalformed) -> String? {
    let length = isFlexible ? try compactLength() : Int(try int16())
    return try block(length).map { String(decoding: $0, as: UTF8.self) }
  }

  @_lifetime(self: copy self)
  mutating func data() throws(KafkaMalformed) -> [UInt8]? {
    try block(isFlexible ? try compactLength() : Int(try int32()))
  }

  /// How many elements follow; no list counts as an empty one. Each takes a byte at least.
  @_lifetime(self: copy self)
  mutating func count() throws(KafkaMalformed) -> Int {
    let count = max(isFlexible ? try compactLength() : Int(try int32()), 0)
    guard count <= bytes.remaining else { throw KafkaMalformed(place) }
    return count
  }

  /// Passes over the tagged fields at the end of a structure.
  @_lifetime(self: copy self)
  mutating func tags() throws(KafkaMalformed) {
    try tags { _, _ throws(KafkaMalformed) in }
  }

  /// Hands each tagged field to `body`; what that does not read of it is passed over.
  @_lifetime(self: copy self)
  mutating func tags(_ body: (UInt64, inout KafkaReader) throws(KafkaMalformed) -> Void) throws(KafkaMalformed) {
    guard isFlexible else { return }
    for _ in 0..<(try require(bytes.varUInt(maximumBytes: 5))) {
      let tag = try require(bytes.varUInt(maximumBytes: 5))
      let size = Int(try require(bytes.varUInt(maximumBytes: 5)))
      guard size <= bytes.remaining else { throw KafkaMalformed(place) }
      let end = bytes.position + size
      try body(tag, &self)
      guard bytes.position <= end, bytes.skip(end - bytes.position) else { throw KafkaMalformed(place) }
    }
  }

  /// −1: none.
  @_lifetime(self: copy self)
  private mutating func compactLength() throws(KafkaMalformed) -> Int {
    Int(try require(bytes.varUInt(maximumBytes: 5))) - 1
  }

  @_lifetime(self: copy self)
  private mutating func block(_ length: Int) throws(KafkaMalformed) -> [UInt8]? {
    guard length >= 0 else { return nil }
    guard let block = bytes.bytes(length) else { throw KafkaMalformed(place) }
    return block.array
  }
}
