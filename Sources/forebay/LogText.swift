import Records

/// The words that the commands about the log share.
enum LogText {
  /// `1 batch`, `12 batches`
  static func counted(_ count: Int, _ noun: String, _ plural: String? = nil) -> String {
    "\(count) \(count == 1 ? noun : plural ?? noun + "s")"
  }

  /// `offset 7`, `offsets 7 to 9`; not for an empty range.
  static func offsets(_ offsets: Range<Offset>) -> String {
    offsets.count == 1
      ? "offset \(offsets.lowerBound)" : "offsets \(offsets.lowerBound) to \(offsets.upperBound - 1)"
  }
}
