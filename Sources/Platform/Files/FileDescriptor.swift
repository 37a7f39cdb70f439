import Glibc

/// An open descriptor and its one owner: closed when the value goes.
package struct FileDescriptor: ~Copyable, Sendable {
  /// For system calls; valid for as long as the owner lives.
  package let raw: CInt

  /// Takes over `raw`, which must be open and owned by nobody else.
  package init(owning raw: CInt) {
    precondition(raw >= 0)
    self.raw = raw
  }

  deinit {
    _ = Glibc.close(raw)
  }

  /// Gives the descriptor up: the caller owns it now.
  package consuming func release() -> CInt {
    let raw = raw
    discard self
    return raw
  }
}

/// What a read or write that does not wait came to.
package enum IOResult: Hashable, Sendable {
  /// That many bytes were moved; at least one.
  case moved(Int)
  /// Nothing now; the poller tells when.
  case wouldBlock
  /// The far side has closed in order.
  case endOfStream
  /// The connection is gone; the errno says how.
  case failed(CInt)
}

extension FileDescriptor {
  /// Reads into `buffer`, which must not be empty, without waiting (on a non-blocking descriptor).
  package func read(into buffer: UnsafeMutableRawBufferPointer) -> IOResult {
    result(of: { Glibc.read(raw, buffer.baseAddress, buffer.count) })
  }

  /// Writes from `bytes` without waiting (on a non-blocking descriptor); for sockets use `send`, which raises no SIGPIPE.
  package func write(_ bytes: RawSpan) -> IOResult {
    bytes.withUnsafeBytes { bytes in
      result(of: { Glibc.write(raw, bytes.baseAddress, bytes.count) })
    }
  }

  /// Sends on a socket without waiting; a closed far side is `.failed(EPIPE)`, never a signal.
  package func send(_ bytes: RawSpan) -> IOResult {
    bytes.withUnsafeBytes { bytes in
      result(of: { Glibc.send(raw, bytes.baseAddress, bytes.count, CInt(MSG_NOSIGNAL) | CInt(MSG_DONTWAIT)) })
    }
  }

  private func result(of call: () -> Int) -> IOResult {
    while true {
      let count = call()
      if count > 0 { return .moved(count) }
      if count == 0 { return .endOfStream }
      let code = errno
      switch code {
      case EINTR: continue
      case EAGAIN: return .wouldBlock
      default:
        precondition(code != EBADF && code != EFAULT)
        return .failed(code)
      }
    }
  }

  /// Makes reads and writes on the descriptor return instead of waiting.
  package func setNonBlocking() throws(SystemError) {
    let flags = fcntl(raw, F_GETFL)
    guard flags >= 0, fcntl(raw, F_SETFL, flags | O_NONBLOCK) >= 0 else { throw SystemError("fcntl") }
  }
}
