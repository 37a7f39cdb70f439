/// Finds what somebody probably meant to write.
package enum Spelling {
  /// The candidate nearest to `word`, if one is near enough to be meant.
  package static func nearest(to word: String, among candidates: some Sequence<String>) -> String? {
    let lowercased = word.lowercased()
    let ranked = candidates.map { ($0, distance(lowercased, $0.lowercased())) }
    guard let (best, distance) = ranked.min(by: { $0.1 < $1.1 }) else { return nil }
    return distance <= max(1, min(word.utf8.count, best.utf8.count) / 3) ? best : nil
  }

  /// How many characters must be added, removed, replaced or swapped with their neighbour (optimal string alignment).
  static func distance(_ left: String, _ right: String) -> Int {
    let left = Array(left.utf8.prefix(64))
    let right = Array(right.utf8.prefix(64))
    var rowBeforeLast = [Int](repeating: 0, count: right.count + 1)
    var lastRow = Array(0...right.count)
    for i in 0..<left.count {
      var row = [i + 1]
      for j in 0..<right.count {
        var cost = min(row[j] + 1, lastRow[j + 1] + 1, lastRow[j] + (left[i] == right[j] ? 0 : 1))
        if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] { cost = min(cost, rowBeforeLast[j - 1] + 1) }
        row.append(cost)
      }
      rowBeforeLast = lastRow
      lastRow = row
    }
    return lastRow[right.count]
  }
}
