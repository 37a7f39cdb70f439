/// What one server session allows.
package struct MQTTLimits: Hashable, Sendable {
  package var maxSubscriptions = 1000
  package var maxInFlight = 256
  /// Longer client ids are rejected.
  package var maxClientIDBytes = 256

  package init() {}
}
