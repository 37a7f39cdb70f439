import Daemon
import Testing

struct QuantityTests {
  @Test(
    arguments: [
      ("4 GiB", 4 << 30), ("64MiB", 64 << 20), ("1.5 KiB", 1536), ("10 kb", 10_000), ("512 B", 512), ("0 B", 0),
      ("  1 B", nil), ("1", nil), ("", nil), ("GiB", nil), ("-1 B", nil), ("1 parsec", nil), ("1 GiB 1 MiB", nil),
      ("1..5 B", nil), (".5 B", nil), ("1 GiB x", nil), ("99999999999999999999 B", nil), ("9999999999 TiB", nil),
    ] as [(String, Int?)])
  func `a size is a number and a unit`(text: String, bytes: Int?) {
    #expect(Quantity.size(text) == bytes)
  }

  @Test(
    arguments: [
      ("10 s", 10_000), ("5m", 300_000), ("5 min", 300_000), ("90 d", 90 * 86_400_000), ("1h30m", 5_400_000),
      ("500ms", 500), ("0.5 s", 500), ("1 h 30 m", 5_400_000), ("10", nil), ("s", nil), ("", nil), ("1h30", nil),
      ("5 M B", nil), ("1e3 s", nil),
    ] as [(String, Int?)])
  func `a duration is one or more numbers with units`(text: String, milliseconds: Int?) {
    #expect(Quantity.duration(text) == milliseconds)
  }

  @Test(arguments: [(64 << 20, "64 MiB"), (1000, "1000 B"), (0, "0 B"), (3 << 40, "3 TiB")])
  func `a size is written in the largest unit that leaves a whole number`(bytes: Int, text: String) {
    #expect(Quantity.text(size: bytes) == text)
    #expect(Quantity.size(text) == bytes)
  }

  @Test(arguments: [(90_000, "90 s"), (120_000, "2 m"), (0, "0 ms"), (86_400_000, "1 d"), (1500, "1500 ms")])
  func `a duration is written in the largest unit that leaves a whole number`(milliseconds: Int, text: String) {
    #expect(Quantity.text(milliseconds: milliseconds) == text)
    #expect(Quantity.duration(text) == milliseconds)
  }
}
