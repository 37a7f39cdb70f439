import Bytes
import Records

/// Writes the payload of a corpus device piece by piece: literals as they stand, numbers as devices print them.
struct JSONLine: ~Copyable {
  private var writer = ByteWriter(capacity: 1024)

  var bytes: RawSpan {
    @_lifetime(borrow self)
    get { writer.bytes }
  }

  mutating func removeAll() {
    writer.removeAll()
  }

  mutating func add(_ literal: StaticString) {
    writer.append(literal: literal)
  }

  mutating func add(_ text: [UInt8]) {
    writer.append(text)
  }

  mutating func add(_ number: Int) {
    writer.append(decimal: Int64(number))
  }

  /// The first `characters` of `2026-03-14T08:00:00.000Z`.
  mutating func add(_ time: Timestamp, characters: Int = 24) {
    let start = writer.count
    time.appendRFC3339(to: &writer)
    writer.truncate(to: start + characters)
  }

  /// `number` rounded to `digits` decimals, zeros at the end kept.
  mutating func add(_ number: Double, _ digits: Int) {
    let scale = (0..<digits).reduce(1.0) { scale, _ in scale * 10 }
    let scaled = UInt64((number.magnitude * scale).rounded())
    if number < 0, scaled > 0 { writer.append(UInt8(ascii: "-")) }
    writer.append(decimal: scaled / UInt64(scale), minimumDigits: 1)
    guard digits > 0 else { return }
    writer.append(UInt8(ascii: "."))
    writer.append(decimal: scaled % UInt64(scale), minimumDigits: digits)
  }
}
