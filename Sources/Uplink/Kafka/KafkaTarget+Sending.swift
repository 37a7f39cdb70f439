import Bytes
import Platform
import Records
import Wire

// Shipments, batch by batch.
extension KafkaTarget {
  /// An answer that the batch is damaged, or that the broker failed, is believed so often.
  private static let maxDoubtfulAnswers = 3

  /// After a shipment that the cluster did not take as it was, so many go one at a time.
  private static let carefulShipments = 64

  func identify(
    _ contents: borrowing ShipmentContents, noted: [UInt8]?, behind ahead: [[UInt8]]
  ) throws(TargetFailure) -> [UInt8]? {
    guard case .ready = stage, !isAskingForProducer, time.monotonicNanoseconds() >= restUntil else { return nil }
    let ahead = ahead.compactMap { KafkaShipmentIdentity(note: $0) }
    var answer: KafkaNumbering.Answer?
    if let known = noted.flatMap({ KafkaShipmentIdentity(note: $0) }), known.fingerprint == routing.fingerprint {
      answer = numbering.renew(known, behind: ahead)
    }
    let settled =
      answer
      ?? numbering.number(
        KafkaParts.spread(contents, routing, counts: counts), fingerprint: routing.fingerprint, counts: counts,
        behind: ahead)
    switch settled {
    case .identity(let identity):
      let partitions = identity.batches.map(\.destination)
      if partitions.allSatisfy({ leaders[$0] != nil }) { return identity.note }
      // Where it was to go before, whatever the topics have become since.
      bound.formUnion(partitions)
      stage = .asking
      try askMetadata(links[0])
    case .later: break
    case .needsProducer: try askForProducer()
    }
    return nil
  }

  func send(_ contents: borrowing ShipmentContents, as identity: [UInt8]) throws(TargetFailure) {
    guard let identity = KafkaShipmentIdentity(note: identity), parts.load(contents, routing, identity) else {
      throw failure("what was noted of a shipment is not what the log has of it")
    }
    let due = identity.batches.filter { !numbering.hasStored($0, of: identity.producer) }.map(\.destination)
    outstanding.append(Outstanding(identity: identity, waiting: Set(due)))
    finishShipments()
    for destination in due { try sendFirst(destination) }
  }

  /// Sends the first piece of the last shipment that is not stored yet; where there is none, it is at that far side.
  private func sendFirst(_ destination: KafkaDestination) throws(TargetFailure) {
    guard let identity = outstanding.last?.identity, let part = parts.part(for: destination),
      let link = links.first(where: { $0.address == leaders[destination] })
    else { throw failure("there is no connection") }
    let (topic, now) = (routing.topics[destination.topic], time.monotonicNanoseconds())
    let isSent = try parts.encode(part, identity.producer) { batch throws(TargetFailure) in
      try link.ask(now) { connection throws(KafkaConnection.Failure) in
        try connection.produce(
          batch, topic: topic, partition: destination.partition, timeoutMilliseconds: Self.timeoutMilliseconds)
      }
    }
    if !isSent { finish(destination, at: outstanding.count - 1, end: part.sequence) }
  }

  /// What became of the first batch on its way to a partition.
  func settle(_ outcome: KafkaProduce.Outcome) throws(TargetFailure) {
    guard let topic = routing.topics.firstIndex(of: outcome.topic) else { return }
    let destination = KafkaDestination(topic: topic, partition: outcome.partition)
    guard let index = outstanding.firstIndex(where: { $0.waiting.contains(destination) }) else { return }
    let identity = outstanding[index].identity
    // The first of several is whole.
    let isAlone = outstanding.count == 1
    switch outcome.error.reaction {
    case .success, .duplicate:
      guard isAlone, let part = parts.part(for: destination) else {
        return finish(destination, at: index, end: identity.batch(to: destination)!.end)
      }
      part.finishFirst()
    case .resequence:
      numbering.refuse(identity.producer)
      throw failure(outcome)
    case .split, .reject, .retryThenReject:
      carefulCount = Self.carefulShipments
      guard isAlone, let part = parts.part(for: destination) else { throw failure(outcome) }
      try takeApart(part, outcome)
    case .retry, .park, .reconnect: throw failure(outcome)
    }
    try sendFirst(destination)
  }

  private func failure(_ outcome: KafkaProduce.Outcome) -> TargetFailure {
    failure(outcome.error, topic: outcome.topic, said: outcome.message)
  }

  private func takeApart(_ part: KafkaPart, _ outcome: KafkaProduce.Outcome) throws(TargetFailure) {
    switch outcome.error.reaction {
    case .reject: reject(part, outcome)
    case .retryThenReject:
      part.doubtfulAnswers += 1
      guard part.doubtfulAnswers > Self.maxDoubtfulAnswers else { return }
      split(part, outcome)
    default: split(part, outcome)
    }
  }

  private func split(_ part: KafkaPart, _ outcome: KafkaProduce.Outcome) {
    guard let place = part.splitFirst() else { return }
    reports.append(.refused(RefusedRecord(index: place, reason: Self.words(outcome))))
  }

  /// Leaves out the records that the broker names; where it names none, the halves show which they are.
  private func reject(_ part: KafkaPart, _ outcome: KafkaProduce.Outcome) {
    // Those that it does not blame it refuses only because of the others.
    let places = part.refuse(outcome.badRecords.map { Int($0.index) })
    guard !places.isEmpty else { return split(part, outcome) }
    for (place, record) in zip(places, outcome.badRecords) {
      let reason = record.message.map { "\(outcome.error); the broker says: \($0)" } ?? Self.words(outcome)
      reports.append(.refused(RefusedRecord(index: place, reason: reason)))
    }
  }

  private static func words(_ outcome: KafkaProduce.Outcome) -> String {
    outcome.message.map { "\(outcome.error); the broker says: \($0)" } ?? outcome.error.description
  }

  /// All of a shipment that goes to `destination` is stored; what follows there begins at `end`.
  private func finish(_ destination: KafkaDestination, at index: Int, end: KafkaSequence) {
    let identity = outstanding[index].identity
    if let batch = identity.batch(to: destination) { numbering.store(batch, of: identity.producer, upTo: end) }
    outstanding[index].waiting.remove(destination)
    finishShipments()
  }

  private func finishShipments() {
    while outstanding.first?.waiting.isEmpty == true {
      outstanding.removeFirst()
      reports.append(.stored)
      carefulCount = max(0, carefulCount - 1)
    }
    if outstanding.isEmpty { bound = [] }
  }

  /// Tells the loop what it has not been told, as far as one call can: refused records are the first shipment's.
  func report(_ progress: inout TargetProgress) {
    while let report = reports.first {
      switch report {
      case .stored: progress.confirmed += 1
      case .refused(let record):
        guard progress.confirmed == 0 else { return }
        progress.refused.append(record)
      }
      reports.removeFirst()
    }
  }
}
