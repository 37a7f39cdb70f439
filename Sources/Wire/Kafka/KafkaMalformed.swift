/// What came is not what Kafka's protocol has at this place: the connection is of no use any more.
package struct KafkaMalformed: Error, Hashable, Sendable, CustomStringConvertible {
  /// What was being read: `Metadata v7`.
  package let place: String

  init(_ place: String) { self.place = place }

  package var description: String {
    "what came as \(place) is not Kafka's protocol; is the address a Kafka broker's, and is TLS set as the broker has it?"
  }
}
