import Platform
import Records
import Storage
import Support
import Testing

struct LogHistoryTests {
  private var history: LogHistory {
    var history = LogHistory()
    history.running = 3_600_000
    history.bytesWritten = 8192
    history.begun = LogClock.Stamp(running: 5, wall: 1_700_000_000_000)
    history.segments = [.init(base: 4711, newest: LogClock.Stamp(running: 6, wall: 1_700_000_000_001))]
    return history
  }

  private func read(_ bytes: [UInt8]) -> LogHistory? { LogHistory(bytes.span.bytes) }

  @Test func `the file is byte for byte what its table says`() {
    #expect(
      history.encode()
        == hex(
          """
          46426869 0001 0000 000000000036ee80 0000000000002000
          0000000000000005 0000018bcfe56800 00000001
          0000000000001267 0000000000000006 0000018bcfe56801
          7f33dbe3
          """))
    #expect(read(history.encode()) == history)
  }

  @Test func `a damaged history is none, wherever the damage is`() {
    let whole = history.encode()
    for index in whole.indices {
      var damaged = whole
      damaged[index] ^= 0x10
      #expect(read(damaged) == nil)
      #expect(read(Array(whole[..<index])) == nil)
    }
  }
}
