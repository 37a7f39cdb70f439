import Bytes
import Routing
import Testing

struct LineBufferTests {
  private func lines(_ pieces: [String], limit: Int = 10) -> [String] {
    var buffer = LineBuffer(maximumLineBytes: limit)
    var found: [String] = []
    for piece in pieces {
      buffer.pending.append(piece)
      buffer.takeLines { found.append($0) }
    }
    if let rest = buffer.takeRest() { found.append("rest " + rest) }
    return found
  }

  @Test func `lines come whole, however they are cut`() {
    #expect(lines(["a\nb", "", "c\r\n", "\n\nd"]) == ["a", "bc", "", "", "rest d"])
  }

  @Test func `a line that is too long is cut off once`() {
    #expect(lines(["0123456789abc", "def", "ghi\nok\n"]) == ["0123456789", "ok"])
    #expect(lines(["0123456789abc\nok\n"]) == ["0123456789", "ok"])
    #expect(lines(["0123456789", "\n"]) == ["0123456789"])
  }
}
