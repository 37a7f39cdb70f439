import Glibc

/// Asks the person at the terminal for a password, without showing it.
package enum PasswordPrompt {
  package enum Answer: Hashable, Sendable {
    case password([UInt8])
    /// Given up with Ctrl-C or Ctrl-D.
    case cancelled
  }

  /// Whether there is somebody to ask.
  package static var isPossible: Bool { isatty(0) == 1 }

  /// Shows `prompt` on standard error and reads up to the end of the line.
  package static func ask(_ prompt: String) throws(SystemError) -> Answer {
    var before = termios()
    guard tcgetattr(0, &before) == 0 else { throw SystemError("tcgetattr", "standard input") }
    // Every key comes by itself, Ctrl-C too: the terminal must be put in order again before the process ends.
    var hidden = before
    hidden.c_lflag &= ~tcflag_t(ECHO | ICANON | ISIG)
    guard tcsetattr(0, TCSAFLUSH, &hidden) == 0 else { throw SystemError("tcsetattr", "standard input") }
    defer {
      tcsetattr(0, TCSAFLUSH, &before)
      StandardError.write("\n")
    }
    StandardError.write(prompt)
    return try readKeys()
  }

  private static func readKeys() throws(SystemError) -> Answer {
    var password: [UInt8] = []
    defer { explicit_bzero(&password, password.count) }
    while true {
      var key: UInt8 = 0
      let count = try withUnsafeMutableBytes(of: &key) { buffer throws(SystemError) in
        try StandardInput.read(into: buffer)
      }
      switch key {
      case _ where count == 0, 0x03, 0x04: return .cancelled
      case UInt8(ascii: "\n"), UInt8(ascii: "\r"): return .password(password)
      case 0x7F, 0x08: removeLastCharacter(&password)
      case 0x15: password.removeAll()
      default: password.append(key)
      }
    }
  }

  private static func removeLastCharacter(_ text: inout [UInt8]) {
    while let last = text.popLast(), last & 0xC0 == 0x80 {}
  }
}
