import Bytes
import Platform
import Records
import Wire

/// A Kafka cluster as an uplink's far side: an idempotent producer with acks=all over one connection, to the broker that
/// leads the gateway's partition.
///
/// Each record has the device's topic as its key and its identity in headers: `forebay-gateway`, `forebay-epoch`,
/// `forebay-offset`. Whatever goes wrong, the very same batch is sent again under the same producer id and sequence, which
/// the cluster recognises.
final class KafkaTarget: UplinkTarget {
  let configuration: KafkaTargetConfiguration
  private let clientID: String
  private let gateway: String
  let time: any TimeSource

  private var socket: TargetSocket?
  var connection: KafkaConnection?

  /// Whom the connection is with.
  private(set) var address = ""
  /// The next of `brokers` to begin with.
  private var nextBroker = 0
  /// How often the cluster has sent us on to another broker since `connect`.
  private var hops = 0
  private static let maxHops = 4

  /// The partition that new shipments go to; known while connected.
  private(set) var partition: Int32 = 0
  /// The partition of shipments that are on their way since an earlier connection.
  var boundPartition: Int32?
  /// Under which new shipments are sent; nil: to be asked for.
  var producer: KafkaProducerID?
  /// Of the shipment behind the last that was confirmed under `producer`; nil: that was in an earlier life.
  var next: KafkaSequence?
  /// The cluster has refused this one for good.
  var staleProducer: KafkaProducerID?
  private(set) var isReady = false

  /// Shipments on their way, in order. Only the last can be in several pieces, and then it is alone.
  var outstanding: [KafkaShipmentIdentity] = []
  /// At the far side, and the loop has not been told.
  var settledCount = 0
  /// Batches of the last shipment, and the sequence of the one on its way.
  var pieces: KafkaPieces
  var sequence = KafkaSequence.first
  /// How often the shipment has come back as damaged.
  var doubtfulAnswers = 0
  /// So many shipments more go one at a time, because the cluster did not take one of them as it was.
  var carefulCount = 0
  /// Until then the cluster wants nothing (monotonic nanoseconds).
  private var restUntil: Int64 = 0

  static let timeoutMilliseconds: Int32 = 20_000

  init(_ configuration: KafkaTargetConfiguration, identity: RecordIdentity, time: any TimeSource) {
    self.configuration = configuration
    self.time = time
    gateway = identity.gateway
    clientID = configuration.clientID ?? "forebay-\(identity.gateway)"
    pieces = KafkaPieces(identity)
  }

  var descriptor: CInt { socket?.raw ?? -1 }
  var wantsWrite: Bool { (connection?.output.count ?? 0) > 0 }
  /// Kafka recognises the last five batches of a producer.
  var window: Int { carefulCount > 0 ? 1 : 5 }

  func connect() throws(TargetFailure) {
    hops = 0
    let broker = configuration.brokers[nextBroker % configuration.brokers.count]
    nextBroker += 1
    try open(broker)
  }

  private func open(_ broker: String) throws(TargetFailure) {
    close()
    address = broker
    do throws(SystemError) {
      socket = try TargetSocket(to: broker)
    } catch {
      throw TargetFailure(
        "kafka \(broker): \(error.reason); look at the address, the network, and what the brokers advertise")
    }
    let nonce = "\(String(Randomness.uint64(), radix: 36))\(String(Randomness.uint64(), radix: 36))"
    connection = KafkaConnection(clientID: clientID, credentials: configuration.credentials, nonce: nonce)
  }

  private func close() {
    isReady = false
    connection = nil
    socket = nil
  }

  func disconnect() {
    close()
    outstanding = []
    settledCount = 0
  }

  func work(isReadable: Bool) throws(TargetFailure) -> TargetProgress {
    var progress = TargetProgress()
    guard socket != nil else { return progress }
    let ending = socket!.receive()
    for event in try take() {
      progress.hasMoved = true
      try handle(event, &progress)
    }
    // Another broker's socket may stand in its place by now.
    if let ending, !progress.hasMoved { throw failure(ending) }
    try transmit(&progress)
    progress.isReady = isReady
    if settledCount > 0, time.monotonicNanoseconds() >= restUntil {
      progress.confirmed = settledCount
      settledCount = 0
    }
    return progress
  }

  private func take() throws(TargetFailure) -> [KafkaConnection.Event] {
    do throws(KafkaConnection.Failure) {
      return try Self.take(socket!, &connection!)
    } catch {
      throw failure(error.description)
    }
  }

  private static func take(
    _ socket: borrowing TargetSocket, _ connection: inout KafkaConnection
  ) throws(KafkaConnection.Failure) -> [KafkaConnection.Event] {
    try connection.receive(socket.received.bytes)
  }

  private func transmit(_ progress: inout TargetProgress) throws(TargetFailure) {
    do throws(SystemError) {
      try socket!.send(&connection!.output)
    } catch {
      throw failure(error.reason)
    }
    progress.sentBytes = socket!.takeSentBytes()
    if socket!.hasProgressed() { progress.hasMoved = true }
  }

  func failure(_ reason: String) -> TargetFailure { TargetFailure("kafka \(address): \(reason)") }

  func failure(_ error: KafkaError, said: String? = nil) -> TargetFailure {
    let words = said.map { "; the broker says: \($0)" } ?? ""
    return failure("topic `\(configuration.topic)`: \(error)\(words)")
  }

  /// Makes a request on the connection.
  func request(_ body: (inout KafkaConnection) throws(KafkaConnection.Failure) -> Void) throws(TargetFailure) {
    guard connection != nil else { throw failure("there is no connection") }
    do throws(KafkaConnection.Failure) {
      try body(&connection!)
    } catch {
      throw failure(error.description)
    }
  }
}

// The way to the partition's leader.
extension KafkaTarget {
  private func handle(_ event: KafkaConnection.Event, _ progress: inout TargetProgress) throws(TargetFailure) {
    switch event {
    case .ready:
      let (topic, mayCreate) = (configuration.topic, configuration.createTopic)
      try request { connection throws(KafkaConnection.Failure) in
        try connection.requestMetadata(of: [topic], mayCreate: mayCreate)
      }
    case .metadata(let metadata): try follow(metadata)
    case .producer(let answer):
      guard answer.error == .none else { throw failure(answer.error) }
      producer = answer.producer
      next = KafkaSequence.first
      isReady = true
    case .produced(let answer):
      if answer.throttleMilliseconds > 0 {
        restUntil = time.monotonicNanoseconds() + Int64(answer.throttleMilliseconds) * 1_000_000
      }
      if let outcome = answer.outcomes.first { try settle(outcome, &progress) }
    }
  }

  /// Goes on to the broker that leads the partition, unless this is it.
  private func follow(_ metadata: KafkaMetadata) throws(TargetFailure) {
    guard let topic = metadata.topics.first(where: { $0.name == configuration.topic }) else {
      throw failure(KafkaError.unknownTopicOrPartition)
    }
    guard topic.error == .none else { throw failure(topic.error) }
    guard let count = Int32(exactly: topic.partitions.count), count > 0 else {
      throw failure(KafkaError.unknownTopicOrPartition)
    }
    // A shipment that was on its way stays in its partition, whatever has been added since.
    let own = KafkaPartitioner.partition(of: gateway.utf8.span.bytes, count: count)
    // A producer's numbers are a partition's.
    if own != partition, boundPartition == nil { producer = nil }
    partition = own
    let wanted = boundPartition ?? own
    guard let found = topic.partitions.first(where: { $0.index == wanted }),
      let leader = metadata.broker(found.leader)
    else {
      throw failure("partition \(wanted) of `\(configuration.topic)` has no leader at the moment; brokers are down")
    }
    let leaderAddress = leader.host.contains(":") ? "[\(leader.host)]:\(leader.port)" : "\(leader.host):\(leader.port)"
    if leaderAddress != address {
      hops += 1
      guard hops <= Self.maxHops else { throw failure("the brokers do not agree on who leads partition \(wanted)") }
      return try open(leaderAddress)
    }
    guard producer == nil else {
      isReady = true
      return
    }
    try request { connection throws(KafkaConnection.Failure) in try connection.requestProducerID() }
  }
}
