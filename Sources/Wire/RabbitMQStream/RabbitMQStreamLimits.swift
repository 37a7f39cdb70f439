/// How much a new stream keeps. Nil: as the cluster has it.
///
/// Numbers, never text: a node of version 3.10 that is given something else as a size stops listening for a while.
package struct RabbitMQStreamLimits: Hashable, Sendable {
  package var maxBytes: Int?
  package var maxAgeSeconds: Int?
  package var segmentBytes: Int?
  /// On how many nodes.
  package var replicas: Int?

  package init() {}

  var arguments: [(String, String)] {
    var arguments: [(String, String)] = []
    if let maxBytes { arguments.append(("max-length-bytes", "\(maxBytes)")) }
    if let maxAgeSeconds { arguments.append(("max-age", "\(maxAgeSeconds)s")) }
    if let segmentBytes { arguments.append(("stream-max-segment-size-bytes", "\(segmentBytes)")) }
    if let replicas { arguments.append(("initial-cluster-size", "\(replicas)")) }
    return arguments
  }
}
