package import Records

/// How a segment's files are called: its base offset in twenty digits, and what the file is.
package enum SegmentName {
  package enum Kind: String, CaseIterable, Sendable {
    case segment = ".log"
    case index = ".index"
    case topics = ".topics"
  }

  /// A file that is being made: not part of the log until it is renamed.
  static let temporarySuffix = ".new"

  package static func fileName(_ kind: Kind = .segment, base: Offset) -> String {
    let digits = String(base)
    return String(repeating: "0", count: 20 - digits.count) + digits + kind.rawValue
  }

  /// The base offset of a segment's file name; nil for any other name.
  package static func base(of fileName: String) -> Offset? {
    parse(fileName).flatMap { $0.kind == .segment ? $0.base : nil }
  }

  /// What a file's name says; nil for a name that Forebay does not give.
  static func parse(_ fileName: String) -> (kind: Kind, base: Offset)? {
    guard let kind = Kind.allCases.first(where: { fileName.hasSuffix($0.rawValue) }) else { return nil }
    let digits = fileName.dropLast(kind.rawValue.utf8.count)
    guard digits.utf8.count == 20, digits.utf8.allSatisfy({ (48...57).contains($0) }), let base = Offset(digits)
    else { return nil }
    return (kind, base)
  }
}
