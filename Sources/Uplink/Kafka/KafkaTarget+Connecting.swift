import Platform
import Records
import Wire

// The way to the brokers that lead the partitions.
extension KafkaTarget {
  /// So many a shipment's identity has room for.
  private static let maximumDestinations = 250

  func open(_ address: String) throws(TargetFailure) -> KafkaLink {
    let link = try KafkaLink(
      to: address, clientID: clientID, credentials: configuration.credentials, deadSeconds: timeoutSeconds, poller,
      now: time.monotonicNanoseconds())
    links.append(link)
    return link
  }

  func handle(_ event: KafkaConnection.Event, _ link: KafkaLink) throws(TargetFailure) {
    switch event {
    case .ready:
      if case .asking = stage { try askMetadata(link) } else { try join() }
    case .metadata(let metadata): try follow(metadata)
    case .producer(let answer):
      isAskingForProducer = false
      guard answer.error == .none else { throw link.failure("\(answer.error)") }
      numbering.begin(answer.producer)
      try join()
    case .produced(let answer):
      if answer.throttleMilliseconds > 0 {
        restUntil = time.monotonicNanoseconds() + Int64(answer.throttleMilliseconds) * 1_000_000
      }
      for outcome in answer.outcomes { try settle(outcome) }
    }
  }

  func askMetadata(_ link: KafkaLink) throws(TargetFailure) {
    let (topics, mayCreate) = (routing.topics, configuration.createTopic)
    try link.ask(time.monotonicNanoseconds()) { connection throws(KafkaConnection.Failure) in
      try connection.requestMetadata(of: topics, mayCreate: mayCreate)
    }
  }

  /// Connects to the brokers that lead the partitions, and leaves the others.
  private func follow(_ metadata: KafkaMetadata) throws(TargetFailure) {
    var counts: [Int32] = []
    for name in routing.topics {
      guard let topic = metadata.topics.first(where: { $0.name == name }) else {
        throw failure(KafkaError.unknownTopicOrPartition, topic: name)
      }
      guard topic.error == .none else { throw failure(topic.error, topic: name) }
      guard let count = Int32(exactly: topic.partitions.count), count > 0 else {
        throw failure(KafkaError.unknownTopicOrPartition, topic: name)
      }
      counts.append(count)
    }
    self.counts = counts
    let wanted = routing.destinations(counts: counts)
    guard wanted.count <= Self.maximumDestinations else {
      throw failure(
        "the topics have \(wanted.count) partitions, and `partition: \"key\"` goes up to \(Self.maximumDestinations); set `partition: \"gateway\"`"
      )
    }
    leaders = [:]
    for destination in bound.union(wanted) {
      leaders[destination] = try leader(of: destination, metadata)
    }
    let addresses = Set(leaders.values)
    links.removeAll { !addresses.contains($0.address) }
    for address in addresses.sorted() where !links.contains(where: { $0.address == address }) {
      _ = try open(address)
    }
    stage = .joining
    try join()
  }

  private func leader(of destination: KafkaDestination, _ metadata: KafkaMetadata) throws(TargetFailure) -> String {
    let name = routing.topics[destination.topic]
    let topic = metadata.topics.first { $0.name == name }
    guard let found = topic?.partitions.first(where: { $0.index == destination.partition }),
      let leader = metadata.broker(found.leader)
    else {
      throw failure("partition \(destination.partition) of `\(name)` has no leader at the moment; brokers are down")
    }
    return leader.host.contains(":") ? "[\(leader.host)]:\(leader.port)" : "\(leader.host):\(leader.port)"
  }

  /// Goes on where every broker has taken the connection, and there is a producer id.
  private func join() throws(TargetFailure) {
    guard case .joining = stage, links.allSatisfy(\.isReady) else { return }
    guard numbering.producer != nil else { return try askForProducer() }
    stage = .ready
  }

  func askForProducer() throws(TargetFailure) {
    guard !isAskingForProducer, let link = links.first else { return }
    isAskingForProducer = true
    try link.ask(time.monotonicNanoseconds()) { connection throws(KafkaConnection.Failure) in
      try connection.requestProducerID()
    }
  }
}
