import Glibc

/// This process: what it was called with and how it ends.
package enum CurrentProcess {
  package static var identifier: Int { Int(getpid()) }

  /// The path of the running executable, links resolved.
  package static var executablePath: String {
    var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let count = buffer.withUnsafeMutableBytes { bytes in
      readlink("/proc/self/exe", bytes.baseAddress!.assumingMemoryBound(to: CChar.self), bytes.count)
    }
    return String(decoding: buffer.prefix(max(count, 0)), as: UTF8.self)
  }

  package static var workingDirectory: String {
    guard let path = getcwd(nil, 0) else { return "." }
    defer { free(path) }
    return String(cString: path)
  }

  /// The machine's name up to the first dot.
  package static var hostName: String {
    var buffer = [CChar](repeating: 0, count: 256)
    guard gethostname(&buffer, buffer.count - 1) == 0 else { return "gateway" }
    let name = buffer.prefix { $0 != 0 && $0 != CChar(UInt8(ascii: ".")) }.map { UInt8(bitPattern: $0) }
    return name.isEmpty ? "gateway" : String(decoding: name, as: UTF8.self)
  }

  package static func environment(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
  }

  /// Reads a variable and removes it: no child inherits it. Not while other threads read the environment.
  package static func takeEnvironment(_ name: String) -> String? {
    defer { unsetenv(name) }
    return environment(name)
  }

  /// Runs the exit handlers and ends.
  package static func exit(_ code: Int32) -> Never {
    Glibc.exit(code)
  }

  /// Ends at once, with nothing tidied up.
  package static func exitNow(_ code: Int32) -> Never {
    _exit(code)
  }

  /// A reader of our output that goes away (`| head`) ends the process without a word. The default of a shell, but
  /// systemd and some languages start their children with SIGPIPE ignored.
  package static func endQuietlyOnClosedPipe() {
    signal(SIGPIPE, SIG_DFL)
  }

  /// Writes to a closed pipe or socket become errors: for a process that must outlive its peers.
  package static func ignoreClosedPipes() {
    signal(SIGPIPE, SIG_IGN)
  }
}
