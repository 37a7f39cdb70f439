import Bytes

/// Reads one frame behind its head; the first thing that does not fit ends it.
struct RabbitMQReader: ~Escapable {
  private var bytes: ByteReader
  private let place: String

  @_lifetime(copy body)
  init(_ body: RawSpan, _ place: String) {
    bytes = ByteReader(body)
    self.place = place
  }

  private func require<Value>(_ value: Value?) throws(RabbitMQMalformed) -> Value {
    guard let value else { throw RabbitMQMalformed(place) }
    return value
  }

  @_lifetime(self: copy self)
  mutating func uint8() throws(RabbitMQMalformed) -> UInt8 { try require(bytes.uint8()) }
  @_lifetime(self: copy self)
  mutating func uint16() throws(RabbitMQMalformed) -> UInt16 { try require(bytes.uint16()) }
  @_lifetime(self: copy self)
  mutating func uint32() throws(RabbitMQMalformed) -> UInt32 { try require(bytes.uint32()) }
  @_lifetime(self: copy self)
  mutating func uint64() throws(RabbitMQMalformed) -> UInt64 { try require(bytes.uint64()) }
  @_lifetime(self: copy self)
  mutating func code() throws(RabbitMQMalformed) -> RabbitMQResponseCode {
    RabbitMQResponseCode(rawValue: try uint16())
  }

  /// A null one counts as empty.
  @_lifetime(self: copy self)
  mutating func text() throws(RabbitMQMalformed) -> String {
    let length = max(0, Int(try require(bytes.int16())))
    guard let text = bytes.bytes(length) else { throw RabbitMQMalformed(place) }
    return String(decoding: text.array, as: UTF8.self)
  }

  /// How many elements follow, of at least `size` bytes each.
  @_lifetime(self: copy self)
  mutating func count(of size: Int) throws(RabbitMQMalformed) -> Int {
    let count = max(0, Int(try require(bytes.int32())))
    guard count * size <= bytes.remaining else { throw RabbitMQMalformed(place) }
    return count
  }

  @_lifetime(self: copy self)
  mutating func map() throws(RabbitMQMalformed) -> [String: String] {
    var map: [String: String] = [:]
    for _ in 0..<(try count(of: 4)) {
      let key = try text()
      map[key] = try text()
    }
    return map
  }

  @_lifetime(self: copy self)
  mutating func texts() throws(RabbitMQMalformed) -> [String] {
    var texts: [String] = []
    for _ in 0..<(try count(of: 2)) { texts.append(try text()) }
    return texts
  }
}
