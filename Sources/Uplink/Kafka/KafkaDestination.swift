/// A partition of one of the uplink's topics.
struct KafkaDestination: Hashable, Sendable {
  /// In `KafkaRouting.topics`.
  var topic: Int
  var partition: Int32
}
