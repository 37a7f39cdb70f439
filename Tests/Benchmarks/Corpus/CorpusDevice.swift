import Records

/// One device of the corpus, with the topics and payloads of a real family.
protocol CorpusDevice {
  var topic: [UInt8] { get }

  /// Writes what the device reports at `time`.
  mutating func report(at time: Timestamp, into line: inout JSONLine, _ random: inout SeededRandom)
}
