extension TopicFilter {
  /// Whether every topic that `other` matches is matched by this filter, too: `plant/#` covers `plant/+/temp` and
  /// `plant/#`, and does not cover `+/temp`.
  package func covers(_ other: TopicFilter) -> Bool {
    // Wildcards at the beginning do not stand for `$`.
    if other.bytes.first == UInt8(ascii: "$"), bytes.first != UInt8(ascii: "$") { return false }
    let mine = bytes.split(separator: Topic.separator, omittingEmptySubsequences: false)
    let others = other.bytes.split(separator: Topic.separator, omittingEmptySubsequences: false)
    for (index, level) in mine.enumerated() {
      if Self.isHash(level) { return true }
      // `plant/#` matches `plant`, too.
      guard index < others.count else { return false }
      if Self.isHash(others[index]) {
        // Every topic has one level at least, and that is all `+/#` asks for.
        return index == 0 && Self.isPlus(level) && mine.count == 2 && Self.isHash(mine[1])
      }
      guard Self.isPlus(level) || level.elementsEqual(others[index]) else { return false }
    }
    return mine.count == others.count
  }

  private static func isHash(_ level: ArraySlice<UInt8>) -> Bool { level.elementsEqual([UInt8(ascii: "#")]) }
  private static func isPlus(_ level: ArraySlice<UInt8>) -> Bool { level.elementsEqual([UInt8(ascii: "+")]) }
}
