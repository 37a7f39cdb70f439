/// The random id made with a log: part of every record's identity, so that a re-imaged box is not taken for the old one.
/// Between 1 and 2⁶³ − 1, so that it fits the producer id of a record batch.
package struct LogEpoch: Hashable, Sendable, CustomStringConvertible {
  package let value: Int64

  package init(_ value: Int64) {
    self.value = value
  }

  /// Sixteen hexadecimal digits.
  package var description: String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  package init?(_ text: String) {
    guard text.utf8.count == 16, let value = Int64(text, radix: 16), value > 0 else { return nil }
    self.init(value)
  }
}
