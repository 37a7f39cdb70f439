import Bytes

/// Where a stream lives: the answer to Metadata for one stream.
package struct RabbitMQMetadata: Hashable, Sendable {
  package struct Node: Hashable, Sendable {
    package var host: String
    package var port: UInt32

    package init(host: String, port: UInt32) {
      self.host = host
      self.port = port
    }

    /// `HOST:PORT`, `[IPV6]:PORT`
    package var address: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
  }

  package let code: RabbitMQResponseCode
  /// Nil: it has none at the moment.
  package let leader: Node?
  package let replicas: [Node]

  private static let none: UInt16 = 0xFFFF

  /// - Parameter body: behind the correlation id; of several streams the first counts.
  package init(_ body: RawSpan) throws(RabbitMQMalformed) {
    var reader = RabbitMQReader(body, "Metadata")
    var nodes: [UInt16: Node] = [:]
    for _ in 0..<(try reader.count(of: 8)) {
      let reference = try reader.uint16()
      let host = try reader.text()
      nodes[reference] = Node(host: host, port: try reader.uint32())
    }
    guard try reader.count(of: 10) > 0 else { throw RabbitMQMalformed("Metadata") }
    _ = try reader.text()
    code = try reader.code()
    let leaderReference = try reader.uint16()
    leader = leaderReference == Self.none ? nil : nodes[leaderReference]
    var replicas: [Node] = []
    for _ in 0..<(try reader.count(of: 2)) {
      if let node = nodes[try reader.uint16()] { replicas.append(node) }
    }
    self.replicas = replicas
  }
}
