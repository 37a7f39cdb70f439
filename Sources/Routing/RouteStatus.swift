package import Records

/// How a route is doing; a snapshot.
package struct RouteStatus: Hashable, Sendable {
  package var name: String
  /// In words: `up to date`, `delivering`, `trying record 42 again, attempt 3 of 8`, …
  package var state = "starting"
  /// The first offset the route has not done with.
  package var position: Offset = 0
  /// Records in the log from `position` on, whether they match or not.
  package var lag = 0
  /// Records the handler has accepted since the start.
  package var delivered = 0
  /// Deliveries tried again since the start.
  package var retries = 0
  /// Records that became dead letters since the start.
  package var deadLettered = 0
  /// Records that retention or damage took before they could be delivered.
  package var missed = 0
  /// Times the cursor could not be saved since the start, most often for want of room on the disk: tried again, and until
  /// then nothing more is delivered.
  package var saveFailures = 0
  /// The newest failure; nil after the handler has accepted something again.
  package var lastError: String?

  package init(name: String) {
    self.name = name
  }
}
