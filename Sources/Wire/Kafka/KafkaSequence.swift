/// The numbers of an idempotent producer's records in one partition: from 0 on, and 0 again after the largest there is.
package struct KafkaSequence: RawRepresentable, Hashable, Sendable {
  package let rawValue: Int32

  package init(rawValue: Int32) {
    precondition(rawValue >= 0)
    self.rawValue = rawValue
  }

  package static let first = KafkaSequence(rawValue: 0)

  /// That of the record `count` further on.
  package func advanced(by count: Int32) -> KafkaSequence {
    KafkaSequence(rawValue: Int32((Int64(rawValue) + Int64(count)) % (Int64(Int32.max) + 1)))
  }
}
