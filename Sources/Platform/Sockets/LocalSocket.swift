import CLinux
import Glibc

/// Stream sockets with a path in the file system (unix(7)): for the other programs of this machine.
package enum LocalSocket {
  /// The longest path the kernel takes, in bytes.
  package static let maximumPathBytes = 107

  /// Listens at `path`. A socket that nobody listens at any more is replaced; anything else that is there stays, and is
  /// `EADDRINUSE`.
  /// - Parameters:
  ///   - mode: who may connect: by default this user alone.
  ///   - backlog: connections the kernel keeps until they are accepted.
  /// - Throws: `ENAMETOOLONG` where the path is longer than `maximumPathBytes`.
  package static func listen(
    _ path: String, mode: UInt32 = 0o600, backlog: Int = 32
  ) throws(SystemError) -> FileDescriptor {
    let listener = try make(path)
    // Before the bind, so that there is no moment in which others may connect.
    _ = try retryingInterrupts("fchmod", path) { fchmod(listener.raw, mode) }
    if try call(Glibc.bind, listener, path) != 0 {
      guard errno == EADDRINUSE, isAbandoned(path) else { throw SystemError("bind", path) }
      _ = try retryingInterrupts("unlink", path) { unlink(path) }
      guard try call(Glibc.bind, listener, path) == 0 else { throw SystemError("bind", path) }
    }
    // What the umask has taken away.
    _ = try retryingInterrupts("chmod", path) { chmod(path, mode) }
    _ = try retryingInterrupts("listen", path) { Glibc.listen(listener.raw, CInt(backlog)) }
    return listener
  }

  /// Connects to who listens at `path`. Reads and writes on the descriptor wait, at most `timeoutSeconds` each.
  package static func connect(_ path: String, timeoutSeconds: Int) throws(SystemError) -> FileDescriptor {
    let socket = try make(path)
    let flags = fcntl(socket.raw, F_GETFL)
    guard flags >= 0, fcntl(socket.raw, F_SETFL, flags & ~O_NONBLOCK) >= 0 else { throw SystemError("fcntl") }
    var timeout = timeval(tv_sec: timeoutSeconds, tv_usec: 0)
    let size = socklen_t(MemoryLayout<timeval>.size)
    guard setsockopt(socket.raw, SOL_SOCKET, SO_RCVTIMEO, &timeout, size) == 0,
      setsockopt(socket.raw, SOL_SOCKET, SO_SNDTIMEO, &timeout, size) == 0
    else { throw SystemError("setsockopt") }
    guard try call(Glibc.connect, socket, path) == 0 else { throw SystemError("connect", path) }
    return socket
  }

  /// The next connection of a listening stream socket of any family, non-blocking; nil when none waits.
  /// - Throws: where the process or the machine is out of descriptors or memory.
  package static func accept(_ listener: borrowing FileDescriptor) throws(SystemError) -> FileDescriptor? {
    while true {
      let raw = linux_accept(listener.raw, nil, nil)
      if raw >= 0 { return FileDescriptor(owning: raw) }
      switch errno {
      // ECONNABORTED: it was there and has gone.
      case EINTR, ECONNABORTED: continue
      case EAGAIN: return nil
      default: throw SystemError("accept")
      }
    }
  }

  /// The path that a socket is bound to; nil for one of another family, and for one without a path.
  static func path(boundTo raw: CInt) throws(SystemError) -> String? {
    var address = sockaddr_un()
    var length = socklen_t(MemoryLayout<sockaddr_un>.size)
    _ = try retryingInterrupts("getsockname") {
      withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(raw, $0, &length) }
      }
    }
    guard Int32(address.sun_family) == AF_UNIX else { return nil }
    let bytes = withUnsafeBytes(of: &address.sun_path) { Array($0.prefix { $0 != 0 }) }
    return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
  }

  private static func make(_ path: String) throws(SystemError) -> FileDescriptor {
    guard path.utf8.count <= maximumPathBytes else { throw SystemError("bind", path, errno: ENAMETOOLONG) }
    let kind = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
    return FileDescriptor(owning: try retryingInterrupts("socket") { socket(AF_UNIX, kind, 0) })
  }

  /// Whether `path` is a socket whose listener has gone.
  private static func isAbandoned(_ path: String) -> Bool {
    var information = stat()
    guard lstat(path, &information) == 0, information.st_mode & S_IFMT == S_IFSOCK else { return false }
    guard let probe = try? make(path), let result = try? call(Glibc.connect, probe, path) else { return false }
    return result != 0 && errno == ECONNREFUSED
  }

  private static func call(
    _ function: (CInt, UnsafePointer<sockaddr>, socklen_t) -> CInt, _ socket: borrowing FileDescriptor, _ path: String
  ) throws(SystemError) -> CInt {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let length = socklen_t(MemoryLayout<sockaddr_un>.size)
    let raw = socket.raw
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { function(raw, $0, length) }
    }
  }
}

extension LocalSocket {
  /// The file of a socket: which one it was, so that a successor's at the same path is told apart.
  struct File: Sendable {
    private let path: String
    private let device: UInt
    private let number: UInt

    /// Nil where there is none at `path`.
    init?(_ path: String) {
      guard let (device, number) = Self.identity(path) else { return nil }
      self.path = path
      self.device = device
      self.number = number
    }

    /// Removes the file unless another is in its place.
    func remove() {
      guard let now = Self.identity(path), now == (device, number) else { return }
      unlink(path)
    }

    private static func identity(_ path: String) -> (device: UInt, number: UInt)? {
      var information = stat()
      guard lstat(path, &information) == 0 else { return nil }
      return (UInt(information.st_dev), UInt(information.st_ino))
    }
  }
}

extension SystemError {
  /// Why nobody answered at a local socket.
  package enum NoAnswer: Hashable, Sendable {
    /// There is no socket, or nobody listens at it.
    case notRunning
    case notAllowed
    case other
  }

  package var reasonForNoAnswer: NoAnswer {
    switch errno {
    case ENOENT, ECONNREFUSED, ENOTDIR: .notRunning
    case EACCES, EPERM: .notAllowed
    default: .other
    }
  }
}
