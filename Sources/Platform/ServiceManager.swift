import Glibc

/// What systemd is told, and what it asks (sd_notify(3), by hand: a datagram to `$NOTIFY_SOCKET`). Without systemd every
/// call does nothing. Any thread.
package struct ServiceManager: Sendable {
  private let socketPath: String?

  /// How often `WATCHDOG=1` is expected, in milliseconds; nil: not at all.
  package let watchdogMilliseconds: Int?

  /// Reads the environment the service manager has set.
  package static func fromEnvironment() -> ServiceManager {
    ServiceManager(
      socketPath: CurrentProcess.environment("NOTIFY_SOCKET"),
      watchdogMicroseconds: CurrentProcess.environment("WATCHDOG_USEC"),
      watchdogProcess: CurrentProcess.environment("WATCHDOG_PID"))
  }

  package init(socketPath: String?, watchdogMicroseconds: String? = nil, watchdogProcess: String? = nil) {
    self.socketPath = socketPath.flatMap { $0.isEmpty ? nil : $0 }
    let isForUs = watchdogProcess.map { Int($0) == CurrentProcess.identifier } ?? true
    let microseconds = watchdogMicroseconds.flatMap { Int($0) } ?? 0
    watchdogMilliseconds = isForUs && microseconds > 0 ? max(microseconds / 1000, 1) : nil
  }

  /// The listening sockets that the service manager has handed over at the start; none without it.
  ///
  /// Takes `LISTEN_PID`, `LISTEN_FDS` and `LISTEN_FDNAMES` out of the environment, so that a second call gets none and no
  /// child mistakes them for its own. Before other threads are started.
  package func takeListeningSockets() -> ActivatedSockets {
    ActivatedSockets(
      process: CurrentProcess.takeEnvironment("LISTEN_PID"), count: CurrentProcess.takeEnvironment("LISTEN_FDS"),
      names: CurrentProcess.takeEnvironment("LISTEN_FDNAMES"))
  }

  /// Recovered, listening, at work.
  package func ready(_ status: String) { send("READY=1\nSTATUS=\(status)") }

  /// A word for `systemctl status`.
  package func status(_ status: String) { send("STATUS=\(status)") }

  package func stopping(_ status: String) { send("STOPPING=1\nSTATUS=\(status)") }

  /// The configuration is being read again; `ready` ends it.
  package func reloading() {
    let now = SystemTime().monotonicNanoseconds() / 1000
    send("RELOADING=1\nMONOTONIC_USEC=\(now)")
  }

  /// There was progress since the last time.
  package func keepAlive() { send("WATCHDOG=1") }

  private func send(_ message: String) {
    guard let socketPath, socketPath.utf8.count <= LocalSocket.maximumPathBytes else { return }
    let raw = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
    guard raw >= 0 else { return }
    let descriptor = FileDescriptor(owning: raw)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { path in
      path.copyBytes(from: socketPath.utf8)
      // An abstract socket's name begins with a zero byte, written `@`.
      if path[0] == UInt8(ascii: "@") { path[0] = 0 }
    }
    // The length matters for abstract names: what is behind the name would be part of it.
    let length = socklen_t(MemoryLayout<sa_family_t>.size + socketPath.utf8.count)
    let bytes = Array(message.utf8)
    _ = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        sendto(descriptor.raw, bytes, bytes.count, CInt(MSG_NOSIGNAL), $0, length)
      }
    }
  }
}
