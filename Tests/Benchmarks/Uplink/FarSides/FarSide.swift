/// What an uplink goes to: a real server on a loopback port. Conformers: `KafkaFarSide`, `RabbitMQFarSide`, `MQTTFarSide`.
/// Killed when the last reference goes.
protocol FarSide: AnyObject {
  /// For the table: `kafka`.
  static var name: String { get }
  /// Where it takes connections.
  var port: UInt16 { get }
  /// Where uplinks come to: the same, or a line in front of it. Set it before the start.
  var clientPort: UInt16 { get set }

  /// Starts it, for the first time or again, and waits until it takes clients.
  func start() throws
  /// Ends it at once, as a power cut does.
  func kill()
  /// The member of an uplink that goes there, JSON5.
  /// - Parameter place: the topic or stream.
  func target(_ place: String) -> String
}

extension FarSide {
  /// An uplink of everything.
  func uplink(_ name: String, to place: String) -> String { "{ name: \"\(name)\", \(target(place)) }" }
}
