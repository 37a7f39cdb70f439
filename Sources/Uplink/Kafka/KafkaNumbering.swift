import Wire

/// The numbers that an idempotent producer gives its records, partition by partition, such that a cluster recognises what comes
/// again. Knows no connection. One owner, one thread.
struct KafkaNumbering {
  /// Under which new shipments are numbered; nil: one is to be asked for.
  private(set) var producer: KafkaProducerID?
  /// The cluster has given it in this life: where it has stored nothing yet, it begins with 0.
  private var isNew = false
  /// Behind what is stored under `producer`.
  private var next: [KafkaDestination: KafkaSequence] = [:]
  /// The last that were stored in each partition, as many as can be on their way.
  private var lastStored: [KafkaDestination: [KafkaShipmentIdentity.Batch]] = [:]
  private static let storedMemory = 5
  /// The cluster has refused this one for good.
  private var stale: KafkaProducerID?

  enum Answer: Hashable {
    case identity(KafkaShipmentIdentity)
    /// Those ahead have to be stored first.
    case later
    /// A producer id is to be asked for.
    case needsProducer
  }

  mutating func begin(_ producer: KafkaProducerID) {
    start(producer, isNew: true)
  }

  private mutating func start(_ producer: KafkaProducerID, isNew: Bool) {
    self.producer = producer
    self.isNew = isNew
    next = [:]
    lastStored = [:]
  }

  /// The cluster does not know the producer any more: everything that is not stored is numbered anew.
  mutating func refuse(_ refused: KafkaProducerID) {
    stale = refused
    if producer == refused { producer = nil }
  }

  /// All of a batch is stored that the cluster takes of it; what follows begins at `end`.
  mutating func store(_ batch: KafkaShipmentIdentity.Batch, of producer: KafkaProducerID, upTo end: KafkaSequence) {
    guard producer == self.producer, !hasStored(batch, of: producer) else { return }
    next[batch.destination] = end
    lastStored[batch.destination] = (lastStored[batch.destination, default: []] + [batch]).suffix(Self.storedMemory)
  }

  /// Whether all of the batch is stored, and it need not be sent again: the loop may not have been told before the connection
  /// was lost.
  func hasStored(_ batch: KafkaShipmentIdentity.Batch, of producer: KafkaProducerID) -> Bool {
    producer == self.producer && lastStored[batch.destination]?.contains(batch) == true
  }

  /// What a shipment that was noted before is sent under now.
  /// - Parameter ahead: the shipments before it that are not stored, in order.
  /// - Returns: nil: it is to be numbered anew.
  mutating func renew(_ noted: KafkaShipmentIdentity, behind ahead: [KafkaShipmentIdentity]) -> Answer? {
    guard noted.producer != stale else { return nil }
    // Two producers' batches could overtake each other.
    if let last = ahead.last, last.producer != noted.producer { return .later }
    if ahead.isEmpty, noted.producer != producer {
      start(noted.producer, isNew: false)
    }
    // Where records of one before were refused, those behind it have moved up.
    let fits = noted.batches.allSatisfy { batch in
      hasStored(batch, of: noted.producer)
        || end(of: batch.destination, ahead, noted.producer).map { $0 == batch.sequence } ?? true
    }
    return fits ? .identity(noted) : nil
  }

  /// Numbers a shipment of so many records for each partition.
  mutating func number(
    _ records: [(destination: KafkaDestination, count: Int32)], fingerprint: UInt32, counts: [Int32],
    behind ahead: [KafkaShipmentIdentity]
  ) -> Answer {
    guard let producer else { return ahead.isEmpty ? .needsProducer : .later }
    if let last = ahead.last, last.producer != producer { return .later }
    var batches: [KafkaShipmentIdentity.Batch] = []
    for (destination, count) in records {
      guard let sequence = end(of: destination, ahead, producer) ?? (isNew ? .first : nil) else {
        // An earlier life may have used this partition under the same producer, nobody knows how far.
        if ahead.isEmpty { self.producer = nil }
        return ahead.isEmpty ? .needsProducer : .later
      }
      batches.append(.init(destination: destination, sequence: sequence, recordCount: count))
    }
    return .identity(KafkaShipmentIdentity(producer, fingerprint: fingerprint, counts: counts, batches: batches))
  }

  /// Where the next batch for `destination` begins; nil: that is not known.
  private func end(
    of destination: KafkaDestination, _ ahead: [KafkaShipmentIdentity], _ producer: KafkaProducerID
  ) -> KafkaSequence? {
    for identity in ahead.reversed() {
      if let batch = identity.batch(to: destination) { return batch.end }
    }
    return producer == self.producer ? next[destination] : nil
  }
}
