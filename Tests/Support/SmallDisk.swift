import Glibc

/// A file system of a test's own and of any size, in memory: seen by the processes that `enter` is put in front of, and
/// through `visible` by the test. Gone with the last reference.
///
/// It takes a mount namespace, which root may make, and on most machines everybody within a user namespace.
package final class SmallDisk {
  package let path: String
  private let holder: TestProcess
  private let namespaces: [String]

  /// - Parameter path: where it is mounted; made if missing.
  package init(bytes: Int, at path: String, in directory: TemporaryDirectory) throws {
    self.path = path
    mkdir(path, 0o755)
    let isUserNamespaceAllowed = try TestProcess("unshare", ["-Urm", "true"], in: directory).wait() == 0
    namespaces = isUserNamespaceAllowed ? ["-U", "-m", "--preserve-credentials"] : ["-m"]
    let script = "mount -t tmpfs -o size=\(bytes) none '\(path)' && echo ready && exec sleep infinity"
    let started = try TestProcess(
      "unshare", [isUserNamespaceAllowed ? "-Urm" : "-m", "sh", "-c", script], in: directory)
    holder = started
    try waitUntil(seconds: 10, "a small disk; run as root, or allow user namespaces: \(started.errors)") {
      guard started.isRunning else { throw TestFailure("no small disk: \(started.errors)") }
      return started.output.contains("ready")
    }
  }

  /// In front of a command line, for processes that are to see the disk.
  package var enter: [String] { ["nsenter", "-t", "\(holder.identifier)"] + namespaces + ["--"] }

  /// Where the test sees what is at `path`.
  package func visible(_ path: String) -> String { "/proc/\(holder.identifier)/root\(path)" }

  /// Bytes that are free.
  package var free: Int {
    var information = statvfs()
    guard statvfs(visible(path), &information) == 0 else { return -1 }
    return Int(information.f_bavail) * Int(information.f_frsize)
  }

  /// Takes all that is free, as somebody else's file.
  package func fill() throws {
    let file = open(visible(path) + "/filler", O_WRONLY | O_CREAT | O_APPEND, 0o600)
    guard file >= 0 else { throw TestFailure("the filler: \(String(cString: strerror(errno)))") }
    defer { close(file) }
    let piece = [UInt8](repeating: 1, count: 4096)
    while write(file, piece, piece.count) > 0 {}
    guard errno == ENOSPC else { throw TestFailure("the filler: \(String(cString: strerror(errno)))") }
  }

  /// Gives back what `fill` took.
  package func removeFiller() {
    unlink(visible(path) + "/filler")
  }
}
