import Testing

/// What is certain after a power cut, by the order of calls in a trace: one row an order.
struct TracedDiskTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    /// Calls on a file `/d/f` of descriptor 5 in a directory of descriptor 6, both open and durable.
    let lines: [String]
    /// What can be left of the file.
    let outcomes: Set<Outcome>
    var testDescription: String { name }
  }

  enum Outcome: Hashable, Sendable {
    case gone, garbled
    case bytes([UInt8])

    init(_ contents: [UInt8]?) {
      switch contents {
      case nil: self = .gone
      case [], [0x41], [0, 0]: self = .bytes(contents!)
      default: self = .garbled
      }
    }
  }

  /// Of a write that may be lost.
  private static let uncertain: Set<Outcome> = [.bytes([]), .bytes([0x41]), .garbled]

  private static let before = [
    #"1 openat(AT_FDCWD, "\x2f\x64", O_RDONLY|O_DIRECTORY|O_CLOEXEC) = 6"#,
    #"1 openat(AT_FDCWD, "\x2f\x64\x2f\x66", O_RDWR|O_CREAT|O_EXCL|O_CLOEXEC, 0640) = 5"#,
    "1 fsync(6) = 0",
  ]
  private static let write = #"1 pwrite64(5, "\x41", 1, 0) = 1"#

  static let cases = [
    Case(name: "a write that is synced", lines: [write, "1 fdatasync(5) = 0"], outcomes: [.bytes([0x41])]),
    Case(
      name: "a descriptor that another thread closes while the file is being opened",
      lines: [
        #"1 close(5) = 0"#, #"2 openat(AT_FDCWD, "\x2f\x64\x2f\x67", O_RDONLY|O_CLOEXEC) = 7"#,
        #"1 openat(AT_FDCWD, "\x2f\x64\x2f\x66", O_RDWR|O_CLOEXEC <unfinished ...>"#, "2 close(7 <unfinished ...>",
        "1 <... openat resumed>) = 7", "2 <... close resumed>) = 0", #"1 pwrite64(7, "\x41", 1, 0) = 1"#,
        "1 fdatasync(7) = 0",
      ], outcomes: [.bytes([0x41])]),
    Case(
      name: "a write whose sync has not returned", lines: [write, "1 fdatasync(5 <unfinished ...>"],
      outcomes: uncertain),
    Case(
      name: "a write that returns after the sync has begun",
      lines: [
        #"1 pwrite64(5, "\x41", 1, 0 <unfinished ...>"#, "2 fdatasync(5 <unfinished ...>",
        "1 <... pwrite64 resumed>) = 1", "2 <... fdatasync resumed>) = 0",
      ], outcomes: uncertain),
    Case(
      name: "a write whose sync fails", lines: [write, "1 fdatasync(5) = -1 EIO (Input/output error)"],
      outcomes: uncertain),
    Case(
      name: "a sync of another file", lines: [write, "1 fdatasync(7) = 0"], outcomes: uncertain),
    Case(
      name: "a removal that is not synced", lines: [write, "1 fsync(5) = 0", #"1 unlink("\x2f\x64\x2f\x66") = 0"#],
      outcomes: [.bytes([0x41]), .gone]),
    Case(
      name: "a removal that is synced", lines: [#"1 unlink("\x2f\x64\x2f\x66") = 0"#, "1 fsync(6) = 0"],
      outcomes: [.gone]),
    Case(
      name: "a length that is synced", lines: ["1 ftruncate(5, 2) = 0", "1 fdatasync(5) = 0"],
      outcomes: [.bytes([0, 0])]),
  ]

  @Test(arguments: cases)
  func `certain is what a sync covers that has returned`(_ row: Case) {
    let lines = Self.before + row.lines
    let disk = TracedDisk(SystemCallParser.parse(Array(lines.joined(separator: "\n").utf8)), root: "/d")
    let found = (0..<60 as Range<UInt64>).map { Outcome(disk.afterPowerCut(in: lines.count, seed: $0)["f"]) }
    #expect(Set(found) == row.outcomes)
  }

  @Test func `a directory that is not synced takes everything in it along`() {
    let lines = [
      #"1 mkdir("\x2f\x64\x2f\x65", 0750) = 0"#,
      #"1 openat(AT_FDCWD, "\x2f\x64\x2f\x65", O_RDONLY|O_DIRECTORY|O_CLOEXEC) = 6"#,
      #"1 openat(AT_FDCWD, "\x2f\x64\x2f\x65\x2f\x66", O_RDWR|O_CREAT, 0640) = 5"#, "1 fsync(6) = 0",
    ]
    let disk = TracedDisk(SystemCallParser.parse(Array(lines.joined(separator: "\n").utf8)), root: "/d")
    let found = Set((0..<20 as Range<UInt64>).map { disk.afterPowerCut(in: 4, seed: $0).keys.sorted() })
    #expect(found == [[], ["e/f"]])
  }
}
