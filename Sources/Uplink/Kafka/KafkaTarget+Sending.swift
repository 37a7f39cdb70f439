import Bytes
import Records
import Wire

// Shipments, batch by batch.
extension KafkaTarget {
  /// An answer that the batch is damaged, or that the broker failed, is believed so often.
  private static let maxDoubtfulAnswers = 3

  /// After a shipment that the cluster did not take as it was, so many go one at a time.
  private static let carefulShipments = 64

  func identify(
    _ contents: borrowing ShipmentContents, noted: [UInt8]?, behind previous: [UInt8]?
  ) throws(TargetFailure) -> [UInt8] {
    let previous = previous.flatMap { KafkaShipmentIdentity(note: $0) }
    if let known = noted.flatMap({ KafkaShipmentIdentity(note: $0) }), fits(known, behind: previous) {
      if known.producer != producer {
        producer = known.producer
        next = nil
      }
      boundPartition = known.partition
      return known.note
    }
    guard let producer else { throw failure("there is no producer id") }
    let count = Int32(contents.recordCount)
    let isBehind = previous?.producer == producer
    return KafkaShipmentIdentity(
      producer, partition: isBehind ? previous!.partition : partition,
      isBehind ? previous!.end : next ?? .first, recordCount: count
    ).note
  }

  /// Whether the cluster will recognise the shipment by what it was given before, and expects it at its place.
  private func fits(_ known: KafkaShipmentIdentity, behind previous: KafkaShipmentIdentity?) -> Bool {
    guard known.producer != staleProducer else { return false }
    if let previous {
      return known.producer == previous.producer && known.partition == previous.partition
        && known.sequence == previous.end
    }
    // Where records of the one before were refused, those behind it have moved up.
    guard known.producer == producer, let next else { return true }
    return known.sequence == next
  }

  func send(_ contents: borrowing ShipmentContents, as identity: [UInt8]) throws(TargetFailure) {
    guard let identity = KafkaShipmentIdentity(note: identity) else { throw failure("there is no producer id") }
    pieces.load(contents)
    outstanding.append(identity)
    sequence = identity.sequence
    try sendFirst()
  }

  /// Sends the first piece that is not stored yet; where there is none, the last shipment is at the far side.
  private func sendFirst() throws(TargetFailure) {
    guard let identity = outstanding.last, connection != nil else { throw failure("there is no connection") }
    guard pieces.encode(identity.producer, sequence) > 0 else { return finishFirstShipment(next: sequence) }
    do throws(KafkaConnection.Failure) {
      try Self.produce(pieces, configuration.topic, identity.partition, &connection!)
    } catch {
      throw failure(error.description)
    }
  }

  private static func produce(
    _ pieces: borrowing KafkaPieces, _ topic: String, _ partition: Int32, _ connection: inout KafkaConnection
  ) throws(KafkaConnection.Failure) {
    try connection.produce(
      pieces.batch.bytes, topic: topic, partition: partition, timeoutMilliseconds: timeoutMilliseconds)
  }

  /// What became of the first batch on its way.
  func settle(_ outcome: KafkaProduce.Outcome, _ progress: inout TargetProgress) throws(TargetFailure) {
    guard let identity = outstanding.first else { return }
    // The first of several is whole.
    let isAlone = outstanding.count == 1
    switch outcome.error.reaction {
    case .success, .duplicate:
      guard isAlone else { return finishFirstShipment(next: identity.end) }
      sequence = sequence.advanced(by: Int32(pieces.places.count))
      pieces.finishFirst()
    case .resequence:
      staleProducer = identity.producer
      producer = nil
      throw failure(outcome.error, said: outcome.message)
    case .split, .reject, .retryThenReject:
      carefulCount = Self.carefulShipments
      guard isAlone else { throw failure(outcome.error, said: outcome.message) }
      try takeApart(outcome, &progress)
    case .retry, .park, .reconnect: throw failure(outcome.error, said: outcome.message)
    }
    try sendFirst()
  }

  private func takeApart(_ outcome: KafkaProduce.Outcome, _ progress: inout TargetProgress) throws(TargetFailure) {
    switch outcome.error.reaction {
    case .reject: reject(outcome, &progress)
    case .retryThenReject:
      doubtfulAnswers += 1
      guard doubtfulAnswers > Self.maxDoubtfulAnswers else { throw failure(outcome.error, said: outcome.message) }
      split(outcome, &progress)
    default: split(outcome, &progress)
    }
  }

  private func split(_ outcome: KafkaProduce.Outcome, _ progress: inout TargetProgress) {
    guard let place = pieces.splitFirst() else { return }
    progress.refused.append(RefusedRecord(index: place, reason: Self.words(outcome)))
  }

  /// Leaves out the records that the broker names; where it names none, the halves show which they are.
  private func reject(_ outcome: KafkaProduce.Outcome, _ progress: inout TargetProgress) {
    let places = pieces.places
    let bad = outcome.badRecords.filter { places.indices.contains(Int($0.index)) }
    // Those that it does not blame it refuses only because of the others.
    guard !bad.isEmpty else { return split(outcome, &progress) }
    for record in bad {
      let reason = record.message.map { "\(outcome.error); the broker says: \($0)" } ?? Self.words(outcome)
      progress.refused.append(RefusedRecord(index: places[Int(record.index)], reason: reason))
    }
    pieces.refuse(bad.map { places[Int($0.index)] })
  }

  private static func words(_ outcome: KafkaProduce.Outcome) -> String {
    outcome.message.map { "\(outcome.error); the broker says: \($0)" } ?? outcome.error.description
  }

  /// The first shipment is at the far side; the one behind it begins at `next`.
  private func finishFirstShipment(next: KafkaSequence) {
    let identity = outstanding.removeFirst()
    settledCount += 1
    doubtfulAnswers = 0
    carefulCount = max(0, carefulCount - 1)
    if identity.producer == producer { self.next = next }
    if outstanding.isEmpty { boundPartition = nil }
  }
}
