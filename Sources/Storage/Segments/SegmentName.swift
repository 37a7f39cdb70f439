package import Records

/// How a segment's file is called: `00000000000000004711.log`, its base offset in twenty digits.
package enum SegmentName {
  package static let suffix = ".log"
  /// A segment that is being made: not part of the log until it is renamed.
  static let temporarySuffix = ".log.new"

  package static func fileName(base: Offset) -> String {
    let digits = String(base)
    return String(repeating: "0", count: 20 - digits.count) + digits + suffix
  }

  /// The base offset of a segment's file name; nil for any other name.
  package static func base(of fileName: String) -> Offset? {
    guard fileName.utf8.count == 24, fileName.hasSuffix(suffix) else { return nil }
    return Offset(fileName.dropLast(suffix.utf8.count))
  }
}
