package import Wire

/// A stream of a central RabbitMQ cluster (`uplinks[].rabbitmq`).
package struct RabbitMQTargetConfiguration: Hashable, Sendable {
  package enum Compression: String, Hashable, Sendable, CaseIterable {
    /// Records packed together: small, and read by stream clients alone.
    case zstd
    /// Each record as an entry of its own, which AMQP 0-9-1 and 1.0 consumers read as well.
    case none
  }

  /// `HOST:PORT` of nodes to begin with; the cluster tells where the stream's leader is.
  package var hosts: [String]
  /// A stream, or where `isSuperStream`, a super stream, of which the gateway's name chooses the partition.
  package var stream: String
  package var isSuperStream = false
  package var credentials = RabbitMQConnection.Credentials()
  package var compression = Compression.zstd
  /// Nil: the stream must be there.
  package var create: RabbitMQStreamLimits?
  /// False: records go through whichever node has been reached, for clusters behind a load balancer.
  package var followLeader = true

  package init(hosts: [String], stream: String) {
    self.hosts = hosts
    self.stream = stream
  }
}
