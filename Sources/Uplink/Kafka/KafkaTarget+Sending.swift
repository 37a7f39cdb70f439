import Bytes
import Records
import Wire

// Shipments, batch by batch.
extension KafkaTarget {
  /// An answer that the batch is damaged, or that the broker failed, is believed so often.
  private static let maxDoubtfulAnswers = 3

  func send(_ contents: borrowing ShipmentContents) throws(TargetFailure) {
    pieces.load(contents)
    isSending = true
    sequence = identity?.sequence ?? .first
    try sendFirst()
  }

  /// Sends the first piece that is not stored yet, if there is one.
  private func sendFirst() throws(TargetFailure) {
    guard let identity, connection != nil else { throw failure("there is no connection") }
    guard pieces.encode(identity.producer, sequence) > 0 else { return }
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

  /// What became of the batch on its way.
  func settle(_ outcome: KafkaProduce.Outcome, _ progress: inout TargetProgress) throws(TargetFailure) {
    guard isSending, !pieces.isAtEnd else { return }
    switch outcome.error.reaction {
    case .success, .duplicate:
      sequence = sequence.advanced(by: Int32(pieces.places.count))
      pieces.finishFirst()
    case .split: split(outcome, &progress)
    case .reject: reject(outcome, &progress)
    case .retryThenReject:
      doubtfulAnswers += 1
      guard doubtfulAnswers > Self.maxDoubtfulAnswers else { throw failure(outcome.error, said: outcome.message) }
      split(outcome, &progress)
    case .resequence:
      staleProducer = identity?.producer
      producer = nil
      throw failure(outcome.error, said: outcome.message)
    case .retry, .park, .reconnect: throw failure(outcome.error, said: outcome.message)
    }
    try sendFirst()
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

  /// The shipment is at the far side: the next one goes behind it.
  func finishShipment() {
    isSending = false
    doubtfulAnswers = 0
    if let producer, identity?.producer == producer { next = sequence }
    identity = nil
  }
}
