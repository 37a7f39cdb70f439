import Testing

/// Lines as strace prints them: one row a shape.
struct SystemCallParserTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let lines: [String]
    let calls: [SystemCall]
    var testDescription: String { name }
  }

  static let cases = [
    Case(
      name: "a call",
      lines: ["17 fdatasync(6)                = 0"],
      calls: [SystemCall(thread: 17, name: "fdatasync", arguments: [.number(6)], began: 0, returned: 0, result: 0)]),
    Case(
      name: "bytes, flags and octal modes",
      lines: [#"17    openat(AT_FDCWD, "\x2f\x64\xff", O_RDWR|O_CREAT|O_CLOEXEC, 0640) = 5"#],
      calls: [
        SystemCall(
          thread: 17, name: "openat",
          arguments: [.word("AT_FDCWD"), .bytes([0x2F, 0x64, 0xFF]), .word("O_RDWR|O_CREAT|O_CLOEXEC"), .number(640)],
          began: 0, returned: 0, result: 5)
      ]),
    Case(
      name: "a failure",
      lines: [#"17 unlink("\x61") = -1 ENOENT (No such file or directory)"#],
      calls: [SystemCall(thread: 17, name: "unlink", arguments: [.bytes([0x61])], began: 0, returned: 0, result: -1)]),
    Case(
      name: "an empty buffer",
      lines: [#"17 write(2, "", 0) = 0"#],
      calls: [
        SystemCall(
          thread: 17, name: "write", arguments: [.number(2), .bytes([]), .number(0)], began: 0, returned: 0, result: 0)
      ]),
    Case(
      name: "two threads, each interrupting the other",
      lines: [
        #"17 pwrite64(5, "\x41\x42", 2, 4096 <unfinished ...>"#, "18 fsync(9 <unfinished ...>",
        "17 <... pwrite64 resumed>)     = 2", "18 <... fsync resumed>)        = 0",
      ],
      calls: [
        SystemCall(
          thread: 17, name: "pwrite64", arguments: [.number(5), .bytes([0x41, 0x42]), .number(2), .number(4096)],
          began: 0, returned: 2, result: 2),
        SystemCall(thread: 18, name: "fsync", arguments: [.number(9)], began: 1, returned: 3, result: 0),
      ]),
    Case(
      name: "a call that never returns",
      lines: ["17 fsync(9 <unfinished ...>", "17 +++ killed by SIGKILL +++"],
      calls: [SystemCall(thread: 17, name: "fsync", arguments: [.number(9)], began: 0)]),
    Case(
      name: "a result that is not known",
      lines: ["17 close(3) = ?"],
      calls: [SystemCall(thread: 17, name: "close", arguments: [.number(3)], began: 0, returned: 0)]),
    Case(
      name: "a word that is no number",
      lines: [#"17 sendto(8, "\x40", 1, MSG_NOSIGNAL, NULL, 0) = 1"#],
      calls: [
        SystemCall(
          thread: 17, name: "sendto",
          arguments: [
            .number(8), .bytes([0x40]), .number(1), .word("MSG_NOSIGNAL"), .word("NULL"), .number(0),
          ], began: 0, returned: 0, result: 1)
      ]),
    Case(
      name: "signals, ends and what strace itself says",
      lines: [
        "17 --- SIGTERM {si_signo=SIGTERM, si_code=SI_USER} ---", "17 +++ exited with 0 +++",
        "strace: Process 18 attached", "", "17 <... read resumed>) = 1", "17 close(3) = 0",
      ],
      calls: [SystemCall(thread: 17, name: "close", arguments: [.number(3)], began: 5, returned: 5, result: 0)]),
  ]

  @Test(arguments: cases)
  func `a trace is read call by call`(_ row: Case) {
    #expect(SystemCallParser.parse(Array(row.lines.joined(separator: "\n").utf8)) == row.calls)
    #expect(SystemCallParser.parse(Array((row.lines.joined(separator: "\n") + "\n").utf8)) == row.calls)
  }
}
