import Records
import Testing

struct JSONScannerTests {
  private func isValue(_ bytes: [UInt8]) -> Bool { JSONScanner.isValue(bytes.span.bytes) }

  @Test(arguments: [
    "0", "-0", "-0.5e+10", "1E5", "10", "123.456e-7", "true", "false", "null", "\"\"", "\"é\\u00e9\\\\\\/\\\"\"",
    "{}", "[]", "[[],{}]", " { \"a\" : [ 1 , \"b\" , { } ] , \"\" : null } \n", "\"\u{7F}\"", "[1,2,[3,{\"x\":[4]}]]",
    "{\"a\":{\"b\":{}},\"c\":[{}]}", "\"\\ud800\"",
  ])
  func `a JSON value`(text: String) {
    #expect(isValue(Array(text.utf8)))
  }

  @Test(arguments: [
    "", " ", "-", "01", "-01", "1.", ".5", "+1", "1e", "1e+", "0x10", "NaN", "Infinity", "tru", "trueX", "nulll",
    "True",
    "\"", "\"\\\"", "\"\\x\"", "\"\\u12G4\"", "\"\t\"", "\"a\nb\"", "'a'", "{", "}", "[", "]", "[1", "[1,]", "[,1]",
    "[1 2]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{1:1}", "{\"a\":1]", "[1}", "[]]", "{}{}", "1,2", "1 2",
    "{\"a\" 1}", "// x\n1", "\u{FEFF}1", "{,}", "[[]", "{\"a\":1 \"b\":2}",
  ])
  func `not a JSON value`(text: String) {
    #expect(!isValue(Array(text.utf8)))
  }

  @Test func `a string that is not UTF-8 is no value`() {
    #expect(!isValue([0x22, 0xFF, 0x22]))
    #expect(!isValue([0x22, 0xED, 0xA0, 0x80, 0x22]))
  }

  @Test func `arrays and objects may be nested up to the limit`() {
    func nested(_ depth: Int) -> [UInt8] {
      (0..<depth).flatMap { Array(($0 % 2 == 0 ? "[" : "{\"a\":").utf8) } + Array("1".utf8)
        + (0..<depth).reversed().flatMap { Array(($0 % 2 == 0 ? "]" : "}").utf8) }
    }
    #expect(isValue(nested(JSONScanner.maximumDepth)))
    #expect(!isValue(nested(JSONScanner.maximumDepth + 1)))
    #expect(!isValue([UInt8](repeating: UInt8(ascii: "["), count: 1 << 20)))
  }
}
