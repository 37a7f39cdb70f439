/// The commands of RabbitMQ's stream protocol that a producer needs. Each is of version 1.
package enum RabbitMQCommand: UInt16, CaseIterable, Hashable, Sendable {
  case declarePublisher = 0x01
  case publish = 0x02
  case publishConfirm = 0x03
  case publishError = 0x04
  case queryPublisherSequence = 0x05
  case create = 0x0D
  case metadata = 0x0F
  case metadataUpdate = 0x10
  case peerProperties = 0x11
  case saslHandshake = 0x12
  case saslAuthenticate = 0x13
  case tune = 0x14
  case open = 0x15
  case close = 0x16
  case heartbeat = 0x17
  case partitions = 0x19
}
