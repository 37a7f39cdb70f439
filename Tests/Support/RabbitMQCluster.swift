import Glibc

/// Real RabbitMQ nodes, one or a cluster, from Debian's package, each with its data in the test's directory. Killed with the
/// last reference.
package final class RabbitMQCluster {
  package let nodes: [RabbitMQNode]
  private let directory: TemporaryDirectory
  private let names: TestProcess

  /// Does not start the nodes yet.
  /// - Parameters:
  ///   - plugins: which it runs. That for MQTT does not come up again without a majority of the nodes, for minutes.
  ///   - definitions: what else is there from the start, as RabbitMQ's definitions file has it.
  package init(
    nodes count: Int = 1, plugins: [String] = ["rabbitmq_stream"], definitions: String? = nil,
    in directory: TemporaryDirectory
  ) throws {
    self.directory = directory
    // The nodes find one another by a name server of their own.
    let namesPort = freePort()
    names = try TestProcess("epmd", ["-port", "\(namesPort)", "-address", "127.0.0.1"], in: directory)
    try waitUntil(seconds: 10, "epmd") { canConnect(port: namesPort) }
    if let definitions { try writeFile("\(directory.path)/definitions.json", definitions) }
    // Names that no other test's node has, for the node's own sake.
    let suffix = "\(UInt32.random(in: 0..<UInt32.max))"
    let peers = (1...count).map { "n\($0)x\(suffix)@localhost" }
    nodes = peers.map {
      RabbitMQNode(
        $0, peers: peers, namesPort: namesPort, plugins: plugins, hasDefinitions: definitions != nil, in: directory)
    }
  }

  /// Starts the nodes and waits until all take clients.
  package func start() throws {
    // The first makes the cluster that the others join.
    try nodes[0].start()
    try nodes[0].waitUntilReady()
    for node in nodes.dropFirst() { try node.start() }
    for node in nodes.dropFirst() { try node.waitUntilReady() }
  }

  package var hosts: String { nodes.map { "\"127.0.0.1:\($0.streamPort)\"" }.joined(separator: ", ") }
}

package final class RabbitMQNode {
  package let amqpPort = freePort()
  package let mqttPort = freePort()
  package let streamPort = freePort()
  private let name: String
  private let directory: TemporaryDirectory
  private let home: String
  private let environment: [String: String]
  private let configuration: String
  private let plugins: [String]
  private var process: TestProcess?

  fileprivate init(
    _ name: String, peers: [String], namesPort: Int, plugins: [String], hasDefinitions: Bool,
    in directory: TemporaryDirectory
  ) {
    self.name = name
    self.plugins = plugins
    self.directory = directory
    home = "\(directory.path)/\(name)"
    environment = [
      "HOME": directory.path, "RABBITMQ_NODENAME": name, "RABBITMQ_MNESIA_BASE": "\(home)/data",
      "RABBITMQ_LOG_BASE": "\(home)/log", "RABBITMQ_DIST_PORT": "\(freePort())",
      "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1", "RABBITMQ_NODE_PORT": "\(amqpPort)",
      "RABBITMQ_CONFIG_FILE": "\(home)/rabbitmq", "RABBITMQ_ADVANCED_CONFIG_FILE": "\(home)/advanced",
      "RABBITMQ_ENABLED_PLUGINS_FILE": "\(home)/plugins", "RABBITMQ_PID_FILE": "\(home)/pid",
      "RABBITMQ_CONF_ENV_FILE": "/dev/null", "ERL_EPMD_ADDRESS": "127.0.0.1", "ERL_EPMD_PORT": "\(namesPort)",
      // Less busy waiting: the machine has other tests to run.
      "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS":
        "-kernel inet_dist_use_interface {127,0,0,1} +S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none",
    ]
    configuration =
      """
      listeners.tcp.1 = 127.0.0.1:\(amqpPort)
      stream.listeners.tcp.1 = 127.0.0.1:\(streamPort)
      stream.advertised_host = 127.0.0.1
      stream.advertised_port = \(streamPort)
      cluster_formation.peer_discovery_backend = classic_config
      cluster_formation.randomized_startup_delay_range.min = 0
      cluster_formation.randomized_startup_delay_range.max = 1

      """ + peers.enumerated().map { "cluster_formation.classic_config.nodes.\($0 + 1) = \($1)\n" }.joined()
      + (plugins.contains("rabbitmq_mqtt") ? "mqtt.listeners.tcp.1 = 127.0.0.1:\(mqttPort)\n" : "")
      + (hasDefinitions ? "load_definitions = \(directory.path)/definitions.json\n" : "")
  }

  /// Starts it, for the first time or again, with what it had.
  package func start() throws {
    if mkdir(home, 0o700) == 0 {
      try writeFile("\(home)/rabbitmq.conf", configuration)
      try writeFile("\(home)/plugins", "[\(plugins.joined(separator: ","))].\n")
    }
    process = try TestProcess(try Self.program(), [], environment: environment, in: directory)
  }

  package func waitUntilReady() throws {
    guard let process else { return }
    try waitUntil(seconds: 120, "RabbitMQ's node \(name); \(process.output) \(process.errors)") {
      guard process.isRunning else { throw TestFailure("RabbitMQ ended: \(process.output) \(process.errors)") }
      // The last words of a start.
      return process.output.contains("Starting broker... completed")
    }
  }

  /// Ends it at once, as a power cut does.
  package func kill() { process = nil }

  /// The script of the package itself: the one in PATH changes to another user.
  private static func program() throws -> String {
    var found = glob_t()
    defer { globfree(&found) }
    guard glob("/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server", 0, nil, &found) == 0,
      let path = found.gl_pathv[0]
    else { throw TestFailure("no RabbitMQ (run Tests/run.sh)") }
    return String(cString: path)
  }
}
