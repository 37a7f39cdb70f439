import Platform
import Records
import Wire

/// A Kafka cluster as an uplink's far side: an idempotent producer with acks=all, with one connection to each broker that leads
/// one of its partitions.
///
/// Each record has the device's topic as its key and its identity in headers: `forebay-gateway`, `forebay-epoch`,
/// `forebay-offset`. Whatever goes wrong, the very same batches are sent again under the same producer id and sequences, which
/// the cluster recognises.
final class KafkaTarget: UplinkTarget {
  let configuration: KafkaTargetConfiguration
  let clientID: String
  let routing: KafkaRouting
  let timeoutSeconds: Int
  let time: any TimeSource
  let poller: Poller

  var links: [KafkaLink] = []
  /// The next of `brokers` to begin with.
  var nextBroker = 0
  var stage = Stage.idle
  /// How many partitions each topic has; known once there was a connection.
  var counts: [Int32] = []
  /// The broker that leads each partition that records go to.
  var leaders: [KafkaDestination: String] = [:]
  /// Partitions that shipments of an earlier life are for, whatever the topics have become.
  var bound: Set<KafkaDestination> = []

  var numbering = KafkaNumbering()
  var isAskingForProducer = false

  /// Shipments on their way, in order. Only the last can be in several pieces, and then it is alone.
  var outstanding: [Outstanding] = []
  /// What the loop has still to be told.
  var reports: [Report] = []
  /// The end of the connection, which comes after that.
  private var failed: TargetFailure?
  /// Those of the last shipment.
  var parts: KafkaParts
  /// So many shipments more go one at a time, because the cluster did not take one of them as it was.
  var carefulCount = 0
  /// Until then the cluster wants nothing (monotonic nanoseconds).
  var restUntil: Int64 = 0

  static let timeoutMilliseconds: Int32 = 20_000
  /// Brokers close a connection on which nothing is asked for ten minutes.
  private static let longestSilence: Int64 = 240_000_000_000

  enum Stage {
    case idle
    /// Waits for the first broker, or for its metadata.
    case asking
    /// Waits for the brokers that lead the partitions.
    case joining
    case ready
  }

  /// A shipment on its way.
  struct Outstanding {
    let identity: KafkaShipmentIdentity
    /// Where it is not stored yet.
    var waiting: Set<KafkaDestination>
  }

  enum Report {
    case refused(RefusedRecord)
    case stored
  }

  init(_ configuration: KafkaTargetConfiguration, _ context: TargetContext) throws(SystemError) {
    self.configuration = configuration
    timeoutSeconds = context.timeoutSeconds
    time = context.time
    clientID = configuration.clientID ?? "forebay-\(context.identity.gateway)"
    routing = KafkaRouting(configuration, gateway: context.identity.gateway)
    parts = KafkaParts(configuration.identity == .headers ? context.identity : nil, context.effort)
    poller = try Poller(capacity: 16)
  }

  /// That of a poller over all connections.
  var descriptor: CInt { links.isEmpty ? -1 : poller.descriptor }
  var wantsWrite: Bool { false }
  /// Kafka recognises the last five batches of a producer in a partition.
  var window: Int { carefulCount > 0 ? 1 : 5 }

  func takesStoredBatches(in lane: Lane) -> Bool {
    // What was left behind is marked, record by record.
    routing.isSingle && lane == .live
  }

  func connect() throws(TargetFailure) {
    disconnect()
    let broker = configuration.brokers[nextBroker % configuration.brokers.count]
    nextBroker += 1
    stage = .asking
    _ = try open(broker)
  }

  func disconnect() {
    links = []
    stage = .idle
    leaders = [:]
    outstanding = []
    reports = []
    failed = nil
    isAskingForProducer = false
  }

  func work(isReadable: Bool) throws(TargetFailure) -> TargetProgress {
    if let failed { throw failed }
    var progress = TargetProgress()
    do throws(TargetFailure) {
      try receive(&progress)
      try keepAlive()
      try transmit(&progress)
    } catch {
      // What has become of shipments before that comes first.
      report(&progress)
      guard progress.confirmed > 0 || !progress.refused.isEmpty else { throw error }
      failed = error
      return progress
    }
    if case .ready = stage { progress.isReady = true }
    // A rest that the cluster has asked for is no standstill.
    if time.monotonicNanoseconds() < restUntil { progress.hasMoved = true }
    report(&progress)
    return progress
  }

  private func receive(_ progress: inout TargetProgress) throws(TargetFailure) {
    var failure: TargetFailure?
    for link in links {
      do throws(TargetFailure) {
        let (events, ending) = try link.receive()
        for event in events {
          progress.hasMoved = true
          try handle(event, link)
        }
        // It may not be needed any more.
        if let ending, links.contains(where: { $0 === link }) { throw link.failure(ending) }
      } catch {
        // What the other brokers say of their batches still counts.
        failure = failure ?? error
      }
    }
    if let failure { throw failure }
  }

  private func transmit(_ progress: inout TargetProgress) throws(TargetFailure) {
    for link in links {
      let sent = try link.transmit(poller)
      progress.sentBytes += sent.bytes
      if sent.hasProgressed { progress.hasMoved = true }
    }
  }

  private func keepAlive() throws(TargetFailure) {
    guard case .ready = stage else { return }
    let now = time.monotonicNanoseconds()
    for link in links where now - link.lastAsked > Self.longestSilence { try askMetadata(link) }
  }

  func failure(_ reason: String) -> TargetFailure {
    TargetFailure("kafka \(links.first?.address ?? configuration.brokers[0]): \(reason)")
  }

  func failure(_ error: KafkaError, topic: String, said: String? = nil) -> TargetFailure {
    let words = said.map { "; the broker says: \($0)" } ?? ""
    return failure("topic `\(topic)`: \(error)\(words)")
  }
}
