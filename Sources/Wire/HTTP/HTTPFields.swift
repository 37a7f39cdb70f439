/// The header fields of a message, in order. Names are compared without regard to case.
package struct HTTPFields: Hashable, Sendable {
  /// Names in lower case.
  private(set) var pairs: [Pair] = []

  struct Pair: Hashable, Sendable {
    let name: String
    let value: String
  }

  /// The value of the field called `name`, given in lower case; of the first where there are more.
  package subscript(_ name: String) -> String? {
    pairs.first { $0.name == name }?.value
  }

  init(_ lines: [Substring], limit: Int) throws(HTTPRefusal) {
    guard lines.count <= limit else { throw HTTPRefusal(.headTooLarge, "there are more than \(limit) fields") }
    for line in lines {
      let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      // A name with white space, or a continued line, is how requests are smuggled (RFC 9112 section 5).
      guard parts.count == 2, Self.isToken(parts[0]), !parts[1].unicodeScalars.contains(where: Self.isControl) else {
        throw HTTPRefusal(.badRequest, "a field is not `Name: value`")
      }
      let name = parts[0].lowercased()
      guard name != "host" && name != "content-length" || !pairs.contains(where: { $0.name == name }) else {
        throw HTTPRefusal(.badRequest, "the \(name) field stands there twice")
      }
      let spaces: (Character) -> Bool = { $0 == " " || $0 == "\t" }
      let trimmed = parts[1].drop(while: spaces).reversed().drop(while: spaces).reversed()
      pairs.append(Pair(name: name, value: String(trimmed)))
    }
  }

  /// RFC 9110 section 5.6.2.
  static func isToken(_ text: Substring) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"):
          true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
      }
  }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value < 32 && scalar != "\t" || scalar.value == 127
  }
}
