import Glibc

/// The built `forebay`, run by a test with a data directory, ports and a configuration of its own.
package final class ForebayProcess {
  package let directory: TemporaryDirectory
  package let mqttPort = freePort()
  package let udpPort = freePort()
  package private(set) var process: TestProcess
  private let configurationPath: String
  private let disk: SmallDisk?

  /// As the test sees it.
  package var data: String { disk?.visible(directory.path + "/data") ?? directory.path + "/data" }
  package var errors: String { process.errors }

  /// Starts the daemon and waits until it says that it is ready.
  /// - Parameters:
  ///   - sections: more of the configuration, JSON5 members such as `routes: […]`.
  ///   - mqtt: more members of its section `mqtt`.
  ///   - disk: what its data are on, mounted at `DIRECTORY/data`.
  package init(
    _ sections: String = "", mqtt: String = "", in directory: TemporaryDirectory = TemporaryDirectory(),
    tracedBy tracer: [String] = [], on disk: SmallDisk? = nil
  ) throws {
    self.disk = disk
    self.directory = directory
    configurationPath = directory.path + "/forebay.json5"
    try writeFile(
      configurationPath,
      """
      {
        gateway: "test-gateway",
        data: "\(directory.path)/data",
        mqtt: { listen: ["127.0.0.1:\(mqttPort)"], \(mqtt) },
        udp: [{ listen: "127.0.0.1:\(udpPort)", topic: "udp/{address}" }],
        console: { listen: "127.0.0.1:0" },
        \(sections)
      }
      """)
    process = try Self.start(configurationPath, directory, tracer + (disk?.enter ?? []))
  }

  /// kill -9, and wait until it is gone.
  package func kill() throws {
    process.signal(SIGKILL)
    try process.wait()
  }

  /// SIGTERM, as systemd stops it; throws unless it ends in order.
  package func stop() throws {
    // A tracer in front of the daemon would keep the signal to itself: the lock names the daemon.
    let identifier = Int32(try readFile(data + "/lock").prefix { $0 != "\n" }) ?? process.identifier
    Glibc.kill(identifier, SIGTERM)
    let status = try process.wait()
    guard status == 0 else { throw TestFailure("forebay ended with \(status): \(process.errors)") }
  }

  package func restart() throws {
    process = try Self.start(configurationPath, directory, disk?.enter ?? [])
  }

  /// Runs a `forebay` command on this daemon's data and returns what it prints.
  package func command(_ arguments: String...) throws -> String {
    let process = try TestProcess(Self.executable, arguments + ["--data", data], in: directory)
    _ = try process.wait()
    return process.output
  }

  private static func start(
    _ configuration: String, _ directory: TemporaryDirectory, _ tracer: [String]
  ) throws -> TestProcess {
    let words = tracer + [executable, "run", "--config", configuration]
    let notification = try NotificationSocket(in: directory)
    let process = try TestProcess(
      words[0], Array(words.dropFirst()), environment: ["NOTIFY_SOCKET": notification.path], in: directory)
    try waitUntil(seconds: 20, "READY=1; \(process.errors)") {
      guard process.isRunning else { throw TestFailure("forebay ended: \(process.errors)") }
      return notification.hasReceived("READY=1")
    }
    return process
  }

  /// Beside the test program itself.
  package static let executable: String = {
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
    let path = String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return path.prefix(upTo: path.lastIndex(of: "/")!) + "/forebay"
  }()
}
