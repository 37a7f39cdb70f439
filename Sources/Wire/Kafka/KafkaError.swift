/// An error code of the Kafka protocol.
package struct KafkaError: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
  package let rawValue: Int16

  package init(rawValue: Int16) { self.rawValue = rawValue }

  package static let unknown = KafkaError(rawValue: -1)
  package static let none = KafkaError(rawValue: 0)
  package static let corruptMessage = KafkaError(rawValue: 2)
  package static let unknownTopicOrPartition = KafkaError(rawValue: 3)
  package static let messageTooLarge = KafkaError(rawValue: 10)
  package static let recordListTooLarge = KafkaError(rawValue: 18)
  package static let invalidTimestamp = KafkaError(rawValue: 32)
  package static let unsupportedVersion = KafkaError(rawValue: 35)
  package static let outOfOrderSequence = KafkaError(rawValue: 45)
  package static let duplicateSequence = KafkaError(rawValue: 46)
  package static let saslAuthenticationFailed = KafkaError(rawValue: 58)
  package static let unknownProducerID = KafkaError(rawValue: 59)

  /// What a producer does about it.
  package enum Reaction: Hashable, Sendable {
    case success
    /// It is in the log already: a success whose offset is not known.
    case duplicate
    /// The very same again, after a while; where `refreshesMetadata`, to whoever leads the partition by then.
    case retry(refreshesMetadata: Bool)
    /// The very same again, a few times: then the batch is at fault.
    case retryThenReject
    /// The batch is too large: its records in smaller ones. A single record is rejected.
    case split
    /// What is in the batch is refused: the dead letters.
    case reject
    /// The broker does not know where the producer was: all that is not acknowledged again, in order, under a new producer id
    /// where the batch is the one that was due.
    case resequence
    /// Everything stays where it is until somebody has changed a permission or a setting: tried again now and then.
    case park
    /// The connection begins again, with the versions asked for anew.
    case reconnect
  }

  package var reaction: Reaction { Self.known[rawValue]?.reaction ?? .retry(refreshesMetadata: true) }

  /// As the protocol calls it.
  package var name: String { Self.known[rawValue]?.name ?? "error \(rawValue)" }

  /// What it means, and what to do about it where somebody can.
  package var description: String {
    guard let known = Self.known[rawValue] else {
      return "the broker answers with error \(rawValue), which is not known here"
    }
    return "\(known.words) (\(known.name))"
  }

  private typealias Known = (name: String, reaction: Reaction, words: String)

  private static let known: [Int16: Known] = [
    -1: ("UNKNOWN_SERVER_ERROR", .retryThenReject, "the broker failed; its log says why"),
    0: ("NONE", .success, "all is well"),
    2: ("CORRUPT_MESSAGE", .retryThenReject, "the batch came damaged to the broker"),
    3: (
      "UNKNOWN_TOPIC_OR_PARTITION", .retry(refreshesMetadata: true),
      "the topic is not there, or this user may not see it; create it, or allow Describe and Write on it"
    ),
    5: ("LEADER_NOT_AVAILABLE", .retry(refreshesMetadata: true), "the partition has no leader at the moment"),
    6: ("NOT_LEADER_OR_FOLLOWER", .retry(refreshesMetadata: true), "another broker leads the partition now"),
    7: ("REQUEST_TIMED_OUT", .retry(refreshesMetadata: false), "the replicas did not answer in time"),
    8: ("BROKER_NOT_AVAILABLE", .retry(refreshesMetadata: true), "the broker is not available"),
    9: ("REPLICA_NOT_AVAILABLE", .retry(refreshesMetadata: true), "a replica is not available"),
    10: (
      "MESSAGE_TOO_LARGE", .split,
      "the batch is larger than the topic takes; raise max.message.bytes of the topic, or lower `shipment.bytes`"
    ),
    13: ("NETWORK_EXCEPTION", .retry(refreshesMetadata: true), "the broker lost a connection"),
    14: ("COORDINATOR_LOAD_IN_PROGRESS", .retry(refreshesMetadata: false), "the coordinator is starting"),
    15: ("COORDINATOR_NOT_AVAILABLE", .retry(refreshesMetadata: false), "the coordinator is not available"),
    16: ("NOT_COORDINATOR", .retry(refreshesMetadata: true), "another broker is the coordinator now"),
    17: ("INVALID_TOPIC_EXCEPTION", .park, "Kafka allows no topic of that name; change `topic` of the uplink"),
    18: (
      "RECORD_LIST_TOO_LARGE", .split,
      "the batch is larger than a segment of the topic; raise segment.bytes, or lower `shipment.bytes`"
    ),
    19: (
      "NOT_ENOUGH_REPLICAS", .retry(refreshesMetadata: true),
      "fewer replicas are in sync than min.insync.replicas asks for; brokers are down"
    ),
    20: (
      "NOT_ENOUGH_REPLICAS_AFTER_APPEND", .retry(refreshesMetadata: true),
      "fewer replicas are in sync than min.insync.replicas asks for; brokers are down"
    ),
    21: ("INVALID_REQUIRED_ACKS", .park, "the broker does not take acks=all"),
    29: ("TOPIC_AUTHORIZATION_FAILED", .park, "this user may not write to the topic; allow Write on it"),
    31: (
      "CLUSTER_AUTHORIZATION_FAILED", .park,
      "this user may not produce idempotently; allow IdempotentWrite on the cluster, or Write on a topic from Kafka 2.8 on"
    ),
    32: (
      "INVALID_TIMESTAMP", .reject,
      "the broker does not take records of that time; set the gateway's clock, or message.timestamp.before.max.ms and "
        + "message.timestamp.after.max.ms of the topic"
    ),
    33: ("UNSUPPORTED_SASL_MECHANISM", .park, "the broker does not have this `sasl.mechanism`"),
    34: (
      "ILLEGAL_SASL_STATE", .reconnect, "the broker did not expect to be given a password; is the listener a SASL one?"
    ),
    35: ("UNSUPPORTED_VERSION", .reconnect, "the broker does not speak this version of the request"),
    41: ("NOT_CONTROLLER", .retry(refreshesMetadata: true), "another broker is the controller now"),
    42: ("INVALID_REQUEST", .reject, "the broker finds no sense in the request"),
    43: (
      "UNSUPPORTED_FOR_MESSAGE_FORMAT", .park,
      "the topic has an old message format; set message.format.version to 2.1 or later"
    ),
    44: ("POLICY_VIOLATION", .park, "a policy of the cluster refuses it"),
    45: ("OUT_OF_ORDER_SEQUENCE_NUMBER", .resequence, "the broker misses a batch before this one"),
    46: ("DUPLICATE_SEQUENCE_NUMBER", .duplicate, "the broker has the batch already"),
    47: ("INVALID_PRODUCER_EPOCH", .resequence, "the broker knows a newer life of this producer"),
    53: ("TRANSACTIONAL_ID_AUTHORIZATION_FAILED", .park, "this user may not use the transactional id"),
    56: ("KAFKA_STORAGE_ERROR", .retry(refreshesMetadata: true), "a disk of the broker failed"),
    58: ("SASL_AUTHENTICATION_FAILED", .park, "the broker refuses the user or the password; set `user` and `password`"),
    59: ("UNKNOWN_PRODUCER_ID", .resequence, "the broker has forgotten this producer"),
    72: ("LISTENER_NOT_FOUND", .retry(refreshesMetadata: true), "the leader has no such listener"),
    74: ("FENCED_LEADER_EPOCH", .retry(refreshesMetadata: true), "another broker leads the partition now"),
    75: ("UNKNOWN_LEADER_EPOCH", .retry(refreshesMetadata: true), "the broker is behind the others"),
    76: (
      "UNSUPPORTED_COMPRESSION_TYPE", .park,
      "the topic takes no zstd; set its compression.type to producer, and use Kafka 2.1"
    ),
    87: ("INVALID_RECORD", .reject, "the broker refuses a record"),
    89: ("THROTTLING_QUOTA_EXCEEDED", .retry(refreshesMetadata: false), "this client's quota is used up"),
    90: ("PRODUCER_FENCED", .resequence, "the broker knows a newer life of this producer"),
    100: ("UNKNOWN_TOPIC_ID", .retry(refreshesMetadata: true), "the topic was made anew"),
    103: ("INCONSISTENT_TOPIC_ID", .retry(refreshesMetadata: true), "the topic was made anew"),
  ]
}
