import Glibc
import Platform

/// One RabbitMQ node from Debian's package, with streams. Starting it takes some seconds; its data outlives it.
final class RabbitMQFarSide: FarSide {
  static let name = "rabbitmq"
  let port: UInt16
  var clientPort: UInt16
  private let home: String
  private let settings: [String]
  private let names: RunningProgram
  private var running: RunningProgram?
  private var starts = 0

  /// Does not start it yet.
  /// - Parameter directory: where its data go; there already.
  init(directory: String) throws {
    port = try FreePort.tcp()
    clientPort = port
    home = "\(directory)/rabbitmq-\(port)"
    try LocalDisk().createDirectory(home)
    let (epmd, epmdPort) = (try Programs.find("epmd"), try FreePort.tcp())
    // A node finds itself by a name server, here one of its own.
    names = try RunningProgram(
      "epmd", [epmd, "-port", "\(epmdPort)", "-address", "127.0.0.1"], journal: home + "/epmd")
    try names.waitUntilListening(port: epmdPort)
    settings = [
      "HOME=\(home)", "RABBITMQ_NODENAME=n\(port)@localhost", "RABBITMQ_MNESIA_BASE=\(home)/data",
      "RABBITMQ_LOG_BASE=\(home)/log", "RABBITMQ_DIST_PORT=\(try FreePort.tcp())",
      "RABBITMQ_CONFIG_FILE=\(home)/rabbitmq", "RABBITMQ_ADVANCED_CONFIG_FILE=\(home)/advanced",
      "RABBITMQ_ENABLED_PLUGINS_FILE=\(home)/plugins", "RABBITMQ_PID_FILE=\(home)/pid",
      "RABBITMQ_CONF_ENV_FILE=/dev/null", "ERL_EPMD_ADDRESS=127.0.0.1", "ERL_EPMD_PORT=\(epmdPort)",
      // Without its busy waiting, which would take the processors from the others.
      "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=-kernel inet_dist_use_interface {127,0,0,1} +sbwt none +sbwtdcpu none +sbwtdio none",
    ]
    try configure(amqpPort: try FreePort.tcp())
  }

  private func configure(amqpPort: UInt16) throws {
    _ = try Programs.write(
      """
      listeners.tcp.1 = 127.0.0.1:\(amqpPort)
      stream.listeners.tcp.1 = 127.0.0.1:\(port)
      stream.advertised_host = 127.0.0.1
      stream.advertised_port = \(port)

      """, to: home + "/rabbitmq.conf")
    _ = try Programs.write("[rabbitmq_stream].\n", to: home + "/plugins")
  }

  func start() throws {
    starts += 1
    let program = try Self.program()
    let running = try RunningProgram(
      "rabbitmq-server", ["/usr/bin/env"] + settings + [program], journal: "\(home)/said-\(starts)")
    // The last words of a start.
    try running.wait(seconds: 120, for: "RabbitMQ") { running.output.contains("Starting broker... completed") }
    self.running = running
  }

  func kill() { running = nil }

  /// - Parameter place: the stream, which is made by the uplink.
  func target(_ place: String) -> String {
    "rabbitmq: { hosts: [\"127.0.0.1:\(clientPort)\"], stream: \"\(place)\", create: {} }"
  }

  /// The script of the package itself: the one in PATH changes to another user.
  private static func program() throws -> String {
    var found = glob_t()
    defer { globfree(&found) }
    guard glob("/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server", 0, nil, &found) == 0,
      let path = found.gl_pathv[0]
    else { throw Programs.missing("RabbitMQ is not installed") }
    return String(cString: path)
  }
}
