import Glibc

/// A program that a test has started: its output goes to files, so that no pipe fills up. Killed, and waited for, when
/// the last reference goes.
package final class TestProcess {
  package let identifier: Int32
  private let outputPath: String
  private let errorPath: String
  private var exitStatus: Int32?

  /// - Parameters:
  ///   - program: a path, or a name to be found in PATH.
  ///   - inherited: descriptors that it gets as 3, 4 and so on.
  ///   - input: a file for standard input; nothing by default.
  ///   - directory: where the output files go.
  package init(
    _ program: String, _ arguments: [String], environment: [String: String] = [:], input: String? = nil,
    inherited: [Int32] = [], in directory: TemporaryDirectory
  ) throws {
    let name = program.split(separator: "/").last ?? "program"
    outputPath = "\(directory.path)/\(name).\(UInt32.random(in: 0..<UInt32.max)).out"
    errorPath = outputPath + ".err"
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, input ?? "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, outputPath, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    posix_spawn_file_actions_addopen(&actions, 2, errorPath, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    for (index, descriptor) in inherited.enumerated() {
      posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(3 + index))
    }
    // The test runner's threads have signals blocked, which a program would inherit.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var noSignals = sigset_t()
    sigemptyset(&noSignals)
    posix_spawnattr_setsigmask(&attributes, &noSignals)
    // A group of its own: what it starts itself ends with it.
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP))
    var variables: [String: String] = [:]
    var entry = environ
    while let text = entry.pointee {
      let parts = String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      variables[String(parts[0])] = parts.count > 1 ? String(parts[1]) : ""
      entry += 1
    }
    variables.merge(environment) { $1 }
    var words = ([program] + arguments).map { strdup($0) } + [nil]
    var settings = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for word in words + settings { free(word) } }
    var identifier = pid_t()
    let code = posix_spawnp(&identifier, program, &actions, &attributes, &words, &settings)
    guard code == 0 else { throw TestFailure("\(program): \(String(cString: strerror(code)))") }
    self.identifier = identifier
  }

  deinit {
    kill(-identifier, SIGKILL)
    guard exitStatus == nil else { return }
    var status: Int32 = 0
    waitpid(identifier, &status, 0)
  }

  package var output: String { (try? readFile(outputPath)) ?? "" }
  package var errors: String { (try? readFile(errorPath)) ?? "" }

  package func signal(_ number: Int32) {
    if exitStatus == nil { kill(identifier, number) }
  }

  package var isRunning: Bool {
    poll()
    return exitStatus == nil
  }

  /// Waits for the end: the exit code, or 128 and the signal's number.
  @discardableResult
  package func wait(seconds: Double = 30) throws -> Int32 {
    try waitUntil(seconds: seconds, "the end of process \(identifier)") { !isRunning }
    return exitStatus!
  }

  private func poll() {
    guard exitStatus == nil else { return }
    var status: Int32 = 0
    guard waitpid(identifier, &status, WNOHANG) == identifier else { return }
    exitStatus = status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + (status & 0x7F)
  }
}

/// Something a test needs did not happen.
package struct TestFailure: Error, CustomStringConvertible {
  package let description: String
  package init(_ description: String) { self.description = description }
}

/// Looks every 10 ms whether `condition` holds; throws after `seconds`.
package func waitUntil(
  seconds: Double = 30, _ what: @autoclosure () -> String, _ condition: () throws -> Bool
) throws {
  let deadline = monotonicSeconds() + seconds
  while try !condition() {
    guard monotonicSeconds() < deadline else { throw TestFailure("after \(seconds) s still waiting for \(what())") }
    usleep(10_000)
  }
}

package func monotonicSeconds() -> Double {
  var now = timespec()
  clock_gettime(CLOCK_MONOTONIC, &now)
  return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
}

package func readFile(_ path: String) throws -> String {
  guard let file = fopen(path, "r") else { throw TestFailure("\(path): \(String(cString: strerror(errno)))") }
  defer { fclose(file) }
  var bytes: [UInt8] = []
  var piece = [UInt8](repeating: 0, count: 64 << 10)
  while true {
    let count = fread(&piece, 1, piece.count, file)
    if count == 0 { break }
    bytes += piece.prefix(count)
  }
  return String(decoding: bytes, as: UTF8.self)
}

package func writeFile(_ path: String, _ text: String) throws {
  guard let file = fopen(path, "w") else { throw TestFailure("\(path): \(String(cString: strerror(errno)))") }
  defer { fclose(file) }
  fputs(text, file)
}

/// A TCP port on loopback that is free now, and that the kernel gives to no outgoing connection meanwhile: a server may take its
/// time until it listens.
package func freePort() -> Int {
  while true {
    let port = Int.random(in: 10_000..<32_000)
    let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    defer { close(socket) }
    // A process that is just being started may have a copy for a moment, which is not to keep the server from the port.
    var yes: Int32 = 1
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    address.sin_port = UInt16(port).bigEndian
    let isFree = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
    if isFree { return port }
  }
}
