/// What a RabbitMQ node answers a stream command with.
package struct RabbitMQResponseCode: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
  package let rawValue: UInt16

  package init(rawValue: UInt16) { self.rawValue = rawValue }

  package static let ok = RabbitMQResponseCode(rawValue: 0x01)
  package static let noSuchStream = RabbitMQResponseCode(rawValue: 0x02)
  package static let streamExists = RabbitMQResponseCode(rawValue: 0x05)
  package static let streamNotAvailable = RabbitMQResponseCode(rawValue: 0x06)
  package static let authenticationFailed = RabbitMQResponseCode(rawValue: 0x08)
  package static let challenge = RabbitMQResponseCode(rawValue: 0x0A)
  package static let accessRefused = RabbitMQResponseCode(rawValue: 0x10)
  package static let preconditionFailed = RabbitMQResponseCode(rawValue: 0x11)
  package static let noSuchPublisher = RabbitMQResponseCode(rawValue: 0x12)

  /// What it means, and what to do about it where somebody can.
  package var description: String {
    Self.words[rawValue] ?? "the node answers with code \(rawValue), which is not known here"
  }

  private static let words: [UInt16: String] = [
    0x01: "all is well",
    0x02: "there is no such stream; create it, or set `create: {}`",
    0x03: "the subscription id is in use",
    0x04: "there is no such subscription",
    0x05: "the stream exists already",
    0x06: "the stream is not available at the moment; its leader is down or moves",
    0x07: "the node does not take PLAIN; enable it in auth_mechanisms",
    0x08: "the node refuses the user or the password; set `user` and `password`",
    0x09: "the node finds no sense in the login",
    0x0A: "the node asks for more than a password",
    0x0B: "this user may log in from the node's own machine alone; make a user for the gateway",
    0x0C:
      "this user may not use the virtual host, or there is none of that name; set `vhost`, or grant permissions on it",
    0x0D: "the node does not know a command that it was sent",
    0x0E: "the node does not take frames of that size; raise its stream.frame_max, or lower `shipment.bytes`",
    0x0F: "the node failed; its log says why",
    0x10:
      "this user may not do that; grant it write and read on the stream, and configure where it is to create it",
    0x11: "the node refuses it as it stands; an existing stream may have other limits than `create` asks for",
    0x12: "the node has forgotten this publisher, as the stream's leader has moved",
    0x13: "there is no offset",
    0x14: "the node does not let the login's mechanism change",
    0x15: "the node does not let the login's user change",
  ]
}
