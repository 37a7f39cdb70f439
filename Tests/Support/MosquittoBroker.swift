import Glibc

/// A real mosquitto of the test's own: a loopback port, a configuration and a persistence file in the test's directory.
package final class MosquittoBroker {
  package let port: Int
  private let directory: TemporaryDirectory
  private let configurationPath: String
  private var process: TestProcess?

  /// Starts the broker and waits until it takes connections.
  /// - Parameter options: more lines of its configuration.
  package init(in directory: TemporaryDirectory, options: [String] = [], port: Int = freePort()) throws {
    self.port = port
    self.directory = directory
    configurationPath = "\(directory.path)/mosquitto-\(port).conf"
    let lines =
      [
        "listener \(port) 127.0.0.1", "allow_anonymous true", "persistence true",
        "persistence_location \(directory.path)/", "persistence_file mosquitto-\(port).db", "autosave_interval 1",
        "autosave_on_changes false", "max_queued_messages 1000000", "log_type error", "log_type warning",
        "log_type notice",
      ] + options + (getuid() == 0 ? ["user root"] : [])
    try writeFile(configurationPath, lines.joined(separator: "\n") + "\n")
    try start()
  }

  package func start() throws {
    // Debian keeps servers out of a user's PATH.
    let path = access("/usr/sbin/mosquitto", X_OK) == 0 ? "/usr/sbin/mosquitto" : "mosquitto"
    let started = try TestProcess(path, ["-c", configurationPath], in: directory)
    process = started
    try waitUntil(seconds: 10, "mosquitto on port \(port); \(started.errors)") {
      guard started.isRunning else { throw TestFailure("mosquitto ended: \(started.errors)") }
      return canConnect(port: port)
    }
  }

  /// Stops it in order: what it keeps for absent clients is on disk.
  package func stop() throws {
    process?.signal(SIGTERM)
    _ = try process?.wait()
    process = nil
  }

  /// Has it read its access rules again.
  package func reload() { process?.signal(SIGHUP) }

  /// Subscribes with a session that the broker keeps, so that nothing sent from now on is missed.
  package func subscribePersistently(_ filter: String, as clientID: String) throws {
    let subscriber = try TestProcess(
      "mosquitto_sub",
      ["-h", "127.0.0.1", "-p", "\(port)", "-q", "1", "-i", clientID, "-c", "-t", filter, "-E"], in: directory)
    guard try subscriber.wait(seconds: 10) == 0 else { throw TestFailure("mosquitto_sub: \(subscriber.errors)") }
  }

  /// Receives under a session's name until stopped. Print it with `output` of the result.
  package func receive(_ filter: String, as clientID: String, _ options: [String] = ["-v"]) throws -> TestProcess {
    try TestProcess(
      "mosquitto_sub",
      ["-h", "127.0.0.1", "-p", "\(port)", "-q", "1", "-i", clientID, "-c", "-t", filter] + options, in: directory)
  }

  /// Publishes each line of `lines` at QoS 1 and waits for the acknowledgements.
  package func publish(_ lines: [String], to topic: String) throws {
    try MosquittoBroker.publish(lines, to: topic, port: port, in: directory)
  }

  /// The same to any broker, Forebay among them.
  package static func publish(
    _ lines: [String], to topic: String, port: Int, in directory: TemporaryDirectory
  ) throws {
    let path = "\(directory.path)/lines.\(UInt32.random(in: 0..<UInt32.max))"
    try writeFile(path, lines.map { $0 + "\n" }.joined())
    let publisher = try TestProcess(
      "mosquitto_pub", ["-h", "127.0.0.1", "-p", "\(port)", "-q", "1", "-t", topic, "-l"], input: path, in: directory)
    guard try publisher.wait(seconds: 60) == 0 else { throw TestFailure("mosquitto_pub: \(publisher.errors)") }
  }
}

/// Whether something on loopback takes connections on `port`.
package func canConnect(port: Int) -> Bool {
  let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
  defer { close(socket) }
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_addr.s_addr = inet_addr("127.0.0.1")
  address.sin_port = UInt16(port).bigEndian
  return withUnsafePointer(to: &address) {
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
    }
  }
}
