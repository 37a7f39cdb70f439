import Daemon
import Testing

struct JSONValueTests {
  @Test(
    arguments: [
      (JSONValue.decimal(1.005, 2), "1.00"), (.decimal(-0.04, 1), "0.0"), (.decimal(-1.25, 1), "-1.3"),
      (.decimal(0.0625, 3), "0.063"), (.decimal(1_790_000_000.25, 2), "1790000000.25"), (.decimal(3, 0), "3"),
      (.decimal(.nan, 1), "null"), (.decimal(.infinity, 1), "null"), (.integer(-7), "-7"), (.null, "null"),
      (.string("a\"\n"), #""a\"\n""#), (.array([]), "[]"), (.object([]), "{}"),
      (["a": true, "b": .array([.integer(1), "x"])], #"{"a":true,"b":[1,"x"]}"#),
    ] as [(JSONValue, String)])
  func `values are written as JSON`(value: JSONValue, text: String) {
    #expect(String(decoding: value.bytes, as: UTF8.self) == text)
  }
}
