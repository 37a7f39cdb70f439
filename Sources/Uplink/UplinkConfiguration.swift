package import Mosquitto

/// One way to a central cluster (`uplinks[]`).
package struct UplinkConfiguration: Hashable, Sendable {
  package var name: String
  /// Topic filters: what is forwarded. Gap records and dead letters must be named (`$forebay/#`).
  package var topics = ["#"]
  package var target: UplinkTargetConfiguration
  /// A shipment is closed at this many records …
  package var shipmentRecords: Int
  /// … or at this many bytes of records, before compression.
  package var shipmentBytes = 512 << 10
  /// Records that trickle in are gathered for so long; the first behind a longer silence goes at once.
  package var shipmentWaitMilliseconds = 100
  /// Of what goes to the far side's protocol, compressed; nil: as fast as the line is.
  package var maxBytesPerSecond: Int?
  /// How long a connection may have something on its way without anything moving.
  package var timeoutSeconds = 30
  package var order = UplinkOrdering.strict
  /// With `freshFirst`: what the backlog gets of the line while there are live records to send, from 0 up to 1.
  package var backlogShare = 0.5
  /// When the uplink is connected; nil: always.
  package var schedule: Schedule?

  package init(name: String, target: UplinkTargetConfiguration) {
    self.name = name
    self.target = target
    // What is on its way at a crash comes twice where the far side does not know it again.
    shipmentRecords = if case .mqtt(let mqtt) = target, mqtt.format == .messages { 1000 } else { 10_000 }
  }
}

extension UplinkConfiguration {
  /// Whether records should carry their identity once they are sealed.
  package var wantsIdentifiedBatches: Bool {
    guard case .kafka(let kafka) = target else { return false }
    return kafka.wantsIdentifiedBatches
  }
}

/// In which order records go (`uplinks[].order`).
package enum UplinkOrdering: String, Hashable, Sendable, CaseIterable {
  /// As they are in the log.
  case strict
  /// What comes goes at once; what an outage has left behind goes beside it, marked, and each of the two in order.
  case freshFirst
}

package enum UplinkTargetConfiguration: Hashable, Sendable {
  case mqtt(MQTTTargetConfiguration)
  case kafka(KafkaTargetConfiguration)
  case rabbitMQ(RabbitMQTargetConfiguration)
}

/// A central MQTT broker or cluster (`uplinks[].mqtt`). Always QoS 1.
package struct MQTTTargetConfiguration: Hashable, Sendable {
  package enum Format: String, Hashable, Sendable, CaseIterable {
    /// Each record as a message of its own, on its own topic.
    case messages
    /// Each shipment as one message: a zstd-compressed record batch, which `forebay unpack` reads.
    case batches
  }

  package var host: String
  package var port = 1883
  package var format = Format.messages
  package var user: String?
  package var password: String?
  /// Nil: `forebay-GATEWAY-uplink-NAME`.
  package var clientID: String?
  package var tls: TLSConfiguration?
  package var keepAliveSeconds = 30
  /// In front of each record's topic (`messages`).
  package var topicPrefix = ""
  /// The topic of all batches (`batches`). Nil: `forebay/GATEWAY/batches`.
  package var batchTopic: String?
  /// An MQTT 5 broker says when a message had no subscriber, and it has then forgotten it. True: such messages are kept
  /// and sent again until somebody has them.
  package var requireSubscribers = true

  package init(host: String) {
    self.host = host
  }
}
