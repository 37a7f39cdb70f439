/// What came is not what the stream protocol has at this place: the connection is of no use any more.
package struct RabbitMQMalformed: Error, Hashable, Sendable, CustomStringConvertible {
  /// What was being read.
  package let place: String

  init(_ place: String) { self.place = place }

  package var description: String {
    "what came as \(place) is not RabbitMQ's stream protocol; is the address a stream listener's (5552), without TLS?"
  }
}
