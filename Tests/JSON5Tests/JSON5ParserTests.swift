import JSON5
import Testing

struct JSON5ParserTests {
  struct Accepted: Sendable, CustomTestStringConvertible {
    let name: String
    let text: String
    let value: String
    var testDescription: String { name }
  }

  static let accepted: [Accepted] = [
    .init(name: "words", text: "[true, false, null]", value: "[true,false,null]"),
    .init(
      name: "unquoted, quoted and single-quoted keys", text: "{a: 1, \"b\": 2, 'c d': 3}", value: "{a:1,b:2,c d:3}"),
    .init(
      name: "reserved words, $, _ and letters of any script as keys", text: "{if: 1, $x_1: 2, größe: 3}",
      value: "{if:1,$x_1:2,größe:3}"),
    .init(name: "an escape in a key", text: #"{\u0061bc: 1}"#, value: "{abc:1}"),
    .init(name: "trailing commas", text: "{a: [1, 2,],}", value: "{a:[1,2]}"),
    .init(name: "empty object and list", text: " { } ", value: "{}"),
    .init(name: "comments of both kinds", text: "// first\n{ /* in\nside */ a: /**/ 1 } // last", value: "{a:1}"),
    .init(name: "a byte order mark and odd spaces", text: "\u{FEFF}{\u{A0}a\u{0B}:\u{2003}1\u{2028}}", value: "{a:1}"),
    .init(name: "hexadecimal", text: "[0x1F, -0XaB, +0x0]", value: "[31,-171,0]"),
    .init(name: "points without digits on one side", text: "[.5, 5., +.25, -5.]", value: "[0.5,5,0.25,-5]"),
    .init(name: "exponents", text: "[1e3, 1E-2, 2.5e+1]", value: "[1000,0.01,25]"),
    .init(name: "not finite", text: "[Infinity, -Infinity, +Infinity, NaN, +NaN]", value: "[inf,-inf,inf,nan,nan]"),
    .init(
      name: "the largest and smallest integers", text: "[9223372036854775807, -9223372036854775808]",
      value: "[9223372036854775807,-9223372036854775808]"),
    .init(
      name: "escapes", text: #"'\b\f\n\r\t\v\0\x41\u00e9\'\"\\\/\q'"#, value: "\"\u{08}\u{0C}\n\r\t\u{0B}\0Aé'\"\\/q\""),
    .init(name: "a surrogate pair", text: #""\uD83D\uDE00""#, value: "\"😀\""),
    .init(name: "line continuations", text: "'a\\\nb\\\r\nc\\\u{2028}d'", value: "\"abcd\""),
    .init(name: "a line separator inside a string", text: "'a\u{2028}b'", value: "\"a\u{2028}b\""),
  ]

  @Test(arguments: accepted)
  func `what JSON5 allows is read`(_ row: Accepted) throws {
    let value = try JSON5Parser.parse(Array(row.text.utf8))
    #expect(plain(value) == row.value)
  }

  struct Refused: Sendable, CustomTestStringConvertible {
    let name: String
    let text: String
    let error: String
    var testDescription: String { name }
  }

  static let refused: [Refused] = [
    .init(name: "an empty file", text: "", error: "1:1: found the end of the text in place of a value; write a value"),
    .init(
      name: "a missing comma", text: "{\n  a: 1\n  b: 2\n}",
      error: "3:3: found `b` behind the value of `a`; write `,` or `}`"),
    .init(name: "a missing colon", text: "{a 1}", error: "1:4: found `1` behind the key `a`; write `:` and a value"),
    .init(name: "an equals sign", text: "{a = 1}", error: "1:4: found `=` behind the key `a`; write `:` and a value"),
    .init(
      name: "a brace that never closes", text: "{\n  a: {\n    b: 1\n",
      error: "4:1: the text ends inside the `{` of line 2, column 6; write `}` to end it"),
    .init(
      name: "a list that never closes", text: "[1, ",
      error: "1:5: the text ends inside the `[` of line 1, column 1; write `]` to end it"),
    .init(name: "the wrong bracket", text: "[1}", error: "1:3: found `}` in a list; write `,` or `]`"),
    .init(
      name: "more behind the end", text: "{} }",
      error: "1:4: found `}` behind the end of the value; write nothing, or remove the brace that ended it early"),
    .init(
      name: "text without quotes", text: "{a: plant}",
      error: "1:5: found `plant` in place of a value; put text in quotes: \"plant\""),
    .init(
      name: "a unit without quotes", text: "{a: 10s}",
      error: "1:5: found `s` right behind a number; put a quantity with a unit in quotes: \"10 s\""),
    .init(
      name: "the same key twice", text: "{a: 1,\n 'a': 2}",
      error: "2:2: `a` stands here a second time, after line 1; keep one of the two"),
    .init(
      name: "a string across lines", text: "{a: 'x\n'}",
      error: "1:7: the line ends inside the string begun at column 5; write `'` to end it, or `\\n`"),
    .init(name: "a string that never ends", text: "'x", error: "1:1: this string does not end; write `'` behind it"),
    .init(
      name: "a comment that never ends", text: "{} /* x", error: "1:4: this comment does not end; write `*/` behind it"),
    .init(
      name: "leading zeros", text: "[007]",
      error: "1:2: a number must not begin with 0; write it without, or in quotes if it is a text"),
    .init(
      name: "an octal escape", text: #"'\01'"#,
      error: "1:2: there are no octal escapes; write `\\x` and two hexadecimal digits, or `\\\\` for `\\`"),
    .init(name: "a short escape", text: #"'\u12'"#, error: "1:6: found `'` in an escape; write 4 hexadecimal digits"),
    .init(
      name: "half a surrogate pair", text: #"'\uD83Dx'"#,
      error: "1:2: this is half a surrogate pair; write both halves, or the character itself"),
    .init(name: "a lone comma", text: "[,]", error: "1:2: found `,` in place of a value; write a value"),
    .init(name: "a lone sign", text: "[-]", error: "1:3: found `]` in place of a number; write digits"),
    .init(
      name: "an exponent without digits", text: "[1e]", error: "1:4: found `]` in an exponent; write digits behind `e`"),
    .init(
      name: "a hexadecimal number without digits", text: "[0x]",
      error: "1:4: found `]` in a hexadecimal number; write digits behind `0x`"),
    .init(name: "too many bits", text: "[0x10000000000000000]", error: "1:2: this number has more than 63 bits"),
    .init(
      name: "a control character", text: "{\u{01}: 1}",
      error: "1:2: found character U+1 in place of a key; write a key, in quotes where it is not a plain word, or `}`"),
    .init(
      name: "a column behind wide characters", text: "{é: 'ü', ö 1}",
      error: "1:12: found `1` behind the key `ö`; write `:` and a value"),
  ]

  @Test(arguments: refused)
  func `what is wrong is said with line, column and remedy`(_ row: Refused) {
    let error = #expect(throws: JSON5Error.self) { try JSON5Parser.parse(Array(row.text.utf8)) }
    #expect(error?.description == row.error)
  }

  @Test func `bytes that are not UTF-8 are located`() {
    let error = #expect(throws: JSON5Error.self) { try JSON5Parser.parse(Array("{a: 1,\n b: '".utf8) + [0xFF]) }
    #expect(error?.description == "2:6: this is not UTF-8; save the file as UTF-8")
  }

  @Test func `nesting and size are limited`() throws {
    func nested(_ depth: Int) -> [UInt8] {
      Array((String(repeating: "[", count: depth) + String(repeating: "]", count: depth)).utf8)
    }
    _ = try JSON5Parser.parse(nested(32))
    #expect(throws: JSON5Error.self) { try JSON5Parser.parse(nested(33)) }
    #expect(throws: JSON5Error.self) { try JSON5Parser.parse(nested(100_000)) }
    var limits = JSON5Limits()
    limits.bytes = 3
    #expect(throws: JSON5Error.self) { try JSON5Parser.parse(Array("[12]".utf8), limits: limits) }
  }

  @Test func `keys and values know where they stand, across every kind of line end`() throws {
    let value = try JSON5Parser.parse(Array("{\r\n a: 1,\r  b:\n\n [7] }".utf8))
    guard case .object(let members) = value.content else { return #expect(Bool(false), "not an object") }
    #expect(members.map(\.keyPosition) == [.init(line: 2, column: 2), .init(line: 3, column: 3)])
    #expect(members.map(\.value.position) == [.init(line: 2, column: 5), .init(line: 5, column: 2)])
  }

  @Test func `a text cut anywhere or with any byte changed never traps`() throws {
    let text = Array("{a: [1, -0x1F, .5e3, Infinity], 'b': \"\\u0041\\\n\\x41\", /* c */ c: {d: null}} // e".utf8)
    for count in 0..<text.count { _ = try? JSON5Parser.parse(Array(text[..<count])) }
    for index in text.indices {
      for byte in [0, 0x0A, 0x22, 0x27, 0x2F, 0x5C, 0x7B, 0x7D, 0x80, 0xFF] as [UInt8] {
        var damaged = text
        damaged[index] = byte
        _ = try? JSON5Parser.parse(damaged)
      }
    }
  }

  private func plain(_ value: JSON5Value) -> String {
    switch value.content {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .number(let number): number.integer.map { "\($0)" } ?? "\(number.double)"
    case .string(let text): "\"\(text)\""
    case .array(let values): "[" + values.map(plain).joined(separator: ",") + "]"
    case .object(let members): "{" + members.map { "\($0.key):\(plain($0.value))" }.joined(separator: ",") + "}"
    }
  }
}
