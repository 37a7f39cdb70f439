import Glibc

/// What a command prints for people and scripts. Collected and written in large pieces; call `flush()` at the end, and
/// before waiting for more to print. When nobody reads any more (`| head`), the process ends quietly, as SIGPIPE has it.
/// One owner, one thread.
package struct StandardOutput: ~Copyable {
  private var pending: [UInt8] = []
  private static let pieceBytes = 64 << 10

  package init() {}

  /// Whether a person is looking.
  package static var isTerminal: Bool { isatty(1) == 1 }

  package mutating func write(_ text: String) {
    pending.append(contentsOf: text.utf8)
    if pending.count >= Self.pieceBytes { flush() }
  }

  package mutating func write(line: String) {
    write(line)
    pending.append(UInt8(ascii: "\n"))
  }

  package mutating func write(_ bytes: RawSpan) {
    bytes.withUnsafeBytes { pending.append(contentsOf: $0) }
    if pending.count >= Self.pieceBytes { flush() }
  }

  package mutating func flush() {
    pending.withUnsafeBytes { writeFully($0, to: 1) }
    pending.removeAll(keepingCapacity: true)
  }
}

/// What a command says about itself: errors and remarks, kept apart from its result.
package enum StandardError {
  /// Whether a person is looking.
  package static var isTerminal: Bool { isatty(2) == 1 }

  package static func write(line: String) {
    write(line + "\n")
  }

  package static func write(_ text: String) {
    var text = text
    text.withUTF8 { writeFully(UnsafeRawBufferPointer($0), to: 2) }
  }
}

/// Bytes given to a command.
package enum StandardInput {
  /// Reads what is there now, at least one byte, at most `buffer.count`; 0 at the end of the input.
  package static func read(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
    try retryingInterrupts("read", "standard input") { Glibc.read(0, buffer.baseAddress, buffer.count) }
  }
}

private func writeFully(_ bytes: UnsafeRawBufferPointer, to descriptor: CInt) {
  var rest = bytes[...]
  while !rest.isEmpty {
    let count = UnsafeRawBufferPointer(rebasing: rest).withMemoryRebound(to: UInt8.self) {
      Glibc.write(descriptor, $0.baseAddress, $0.count)
    }
    if count > 0 {
      rest = rest.dropFirst(count)
    } else if errno == EAGAIN {
      // Somebody else made the terminal or pipe non-blocking: wait for room.
      var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
      _ = Glibc.poll(&poll, 1, -1)
    } else if errno != EINTR {
      // The reader is gone, or the disk behind a redirection is full: there is nobody to tell on this descriptor.
      _exit(descriptor == 1 && errno != EPIPE ? 74 : 0)
    }
  }
}
