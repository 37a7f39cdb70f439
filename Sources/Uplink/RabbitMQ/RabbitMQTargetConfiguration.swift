package import Wire

/// A stream of a central RabbitMQ cluster (`uplinks[].rabbitmq`).
package struct RabbitMQTargetConfiguration: Hashable, Sendable {
  package enum Compression: String, Hashable, Sendable, CaseIterable {
    /// Records packed together: small, and read by stream clients alone.
    case zstd
    /// Each record as an entry of its own, which AMQP 0-9-1 and 1.0 consumers read as well.
    case none
  }

  /// Where records go. A stream remembers 255 publishers: many gateways are spread over several.
  package enum Destination: Hashable, Sendable, CustomStringConvertible {
    /// One of these, which the gateway's name chooses.
    case streams([String])
    /// A partition of it, which the gateway's name chooses.
    case superStream(String)

    package var description: String {
      switch self {
      case .streams(let names): names.joined(separator: ", ")
      case .superStream(let name): name
      }
    }
  }

  /// `HOST:PORT` of nodes to begin with; the cluster tells where the stream's leader is.
  package var hosts: [String]
  package var destination: Destination
  package var credentials = RabbitMQConnection.Credentials()
  package var compression = Compression.zstd
  /// Nil: the stream must be there.
  package var create: RabbitMQStreamLimits?
  /// False: records go through whichever node has been reached, for clusters behind a load balancer.
  package var followLeader = true

  package init(hosts: [String], _ destination: Destination) {
    self.hosts = hosts
    self.destination = destination
  }
}
