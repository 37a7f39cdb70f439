/// Which way a shipment goes. Each lane is in order by itself.
package enum Lane: UInt8, Hashable, Sendable {
  /// What comes, as it comes; with `order: "strict"`, everything.
  case live = 0
  /// What an outage has left behind, beside the live lane.
  case backlog = 1
}
