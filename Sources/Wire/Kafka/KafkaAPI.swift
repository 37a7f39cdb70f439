/// The requests of the Kafka protocol that Forebay makes, and the versions of each that it speaks.
package enum KafkaAPI: Int16, CaseIterable, Hashable, Sendable {
  case produce = 0
  case metadata = 3
  case saslHandshake = 17
  case apiVersions = 18
  case initProducerID = 22
  case saslAuthenticate = 36

  /// From this version on texts and lists are compact and structures end with tagged fields. Nil: none.
  var firstFlexibleVersion: Int16? {
    switch self {
    case .produce, .metadata: 9
    case .saslHandshake: nil
    case .apiVersions: 3
    case .initProducerID, .saslAuthenticate: 2
    }
  }

  func isFlexible(_ version: Int16) -> Bool {
    firstFlexibleVersion.map { version >= $0 } ?? false
  }

  /// What is offered to a broker; brokers from 2.1 on have one of each.
  ///
  /// Produce begins with 7, the first with zstd, and ends before 13, which names topics by number. What brokers say of their
  /// oldest version is not to be trusted: 4.x names 0 for Produce and refuses it.
  package var versions: ClosedRange<Int16> {
    switch self {
    case .produce: 7...10
    case .metadata: 7...9
    case .saslHandshake: 1...1
    case .apiVersions: 0...3
    case .initProducerID: 1...4
    case .saslAuthenticate: 0...2
    }
  }

  /// For the operator.
  var name: String {
    switch self {
    case .produce: "Produce"
    case .metadata: "Metadata"
    case .saslHandshake: "SaslHandshake"
    case .apiVersions: "ApiVersions"
    case .initProducerID: "InitProducerId"
    case .saslAuthenticate: "SaslAuthenticate"
    }
  }
}
