import Bytes
import Mosquitto
import Platform
import Records
import Storage

/// A central MQTT broker as an uplink's far side, through libmosquitto at QoS 1: a record is there when its PUBACK is.
///
/// `messages`: each record is a message, with its identity in MQTT 5 user properties (`forebay-gateway`, `forebay-epoch`,
/// `forebay-offset`, `forebay-time`). `batches`: the shipment is one message, a record batch v2 with its records in one
/// zstd frame, at their own offsets, the log's epoch as producer id. What was left behind has another user property,
/// `forebay-lane`.
final class MQTTTarget: UplinkTarget {
  private let configuration: MQTTTargetConfiguration
  private let broker: MosquittoConfiguration
  private let identity: RecordIdentity
  private let time: any TimeSource

  private var client: MosquittoClient?
  private var dialect = MQTTDialect()
  private var isAccepted = false

  private var isSending = false
  private var sending = SendProgress()
  private var lane = Lane.live
  private var outgoing: OutgoingMessages
  /// The one message of a shipment in batches; empty where it has been published.
  private var batch = ByteWriter(capacity: 64 << 10)
  private var isBatchDue = false
  private var compressor: ZstdCompressor

  /// Index of the record, by the number its PUBACK will carry.
  private var outstanding: [Int32: Int] = [:]
  /// Records that no subscriber was there for, to be sent again.
  private var unclaimed: [Int] = []
  private var resendAt: Int64 = 0
  private var resendBackoff = Backoff(firstMilliseconds: 2000, longestMilliseconds: 60_000)

  /// Messages without a PUBACK at any time.
  private static let messageWindow = 200
  /// More than there are answers on their way.
  private static let readsAtOnce = 1000

  init(_ configuration: MQTTTargetConfiguration, _ context: TargetContext) throws(MosquittoError) {
    compressor = ZstdCompressor(context.effort)
    self.configuration = configuration
    identity = context.identity
    time = context.time
    outgoing = OutgoingMessages(topicPrefix: configuration.topicPrefix)
    var broker = MosquittoConfiguration(
      host: configuration.host,
      clientID: configuration.clientID ?? "forebay-\(identity.gateway)-uplink-\(context.uplink)")
    broker.port = configuration.port
    broker.user = configuration.user
    broker.password = configuration.password
    broker.tls = configuration.tls
    broker.keepAliveSeconds = configuration.keepAliveSeconds
    broker.cleanSession = false
    self.broker = broker
    // Certificates that cannot be used are an error now, not at three in the morning.
    _ = try MosquittoClient(broker, version: .v5)
  }

  var descriptor: CInt { client?.descriptor ?? -1 }
  var wantsWrite: Bool { client?.wantsWrite ?? false }
  /// Messages are many on their way as it is.
  let window = 1
  func takesStoredBatches(in lane: Lane) -> Bool { configuration.format == .batches }

  func connect() throws(TargetFailure) {
    do throws(MosquittoError) {
      let client = try MosquittoClient(broker, version: dialect.version)
      self.client = client
      try client.setWindow(Self.messageWindow)
      try client.connect()
      OutgoingSocket.setPrompt(client.descriptor)
    } catch {
      throw failure(error)
    }
  }

  func disconnect() {
    if let client, isAccepted {
      client.disconnect()
      try? client.write()
    }
    client = nil
    isAccepted = false
    isSending = false
    sending = SendProgress()
    outstanding = [:]
    unclaimed = []
  }

  func work(isReadable: Bool) throws(TargetFailure) -> TargetProgress {
    var progress = TargetProgress()
    guard let client else { return progress }
    if sending.hasProgressed(client.descriptor) { progress.hasMoved = true }
    do throws(MosquittoError) {
      if isReadable { try readAll(client) }
      // A ping would only wait behind what is being sent, and its answer be missed on a slow line.
      if !isSending || !client.wantsWrite && !sending.isUnderWay { try client.keepAlive() }
    } catch {
      // What the broker said before it closed is the better reason.
      try handleEvents(client, &progress)
      throw failure(error)
    }
    try handleEvents(client, &progress)
    if isSending { try pump(client, &progress) }
    do throws(MosquittoError) {
      if client.wantsWrite { try client.write() }
    } catch {
      try handleEvents(client, &progress)
      throw failure(error)
    }
    sending.note(client.descriptor)
    progress.isReady = isAccepted
    return progress
  }

  private func readAll(_ client: MosquittoClient) throws(MosquittoError) {
    for _ in 0..<Self.readsAtOnce {
      try client.read()
      guard client.descriptor >= 0, DescriptorWait.isReadable(client.descriptor) else { return }
    }
    // While TLS is being agreed on libmosquitto does not notice that nobody is there any more.
    if DescriptorWait.isHungUp(client.descriptor) { throw MosquittoError("read", "the broker closed the connection") }
  }

  private func handleEvents(_ client: MosquittoClient, _ progress: inout TargetProgress) throws(TargetFailure) {
    for event in client.takeEvents() {
      switch event {
      case .connected(let reason):
        guard reason == 0 else { throw refusal(client, reason) }
        isAccepted = dialect.accepted()
        guard isAccepted else {
          throw TargetFailure(
            "\(broker.host):\(broker.port) has closed a connection in MQTT 5 and takes one in 3.1.1; 5 is tried once more"
          )
        }
      case .acknowledged(let number, let reason):
        guard let index = outstanding.removeValue(forKey: number) else { continue }
        progress.hasMoved = true
        try settle(index, reason, client, &progress)
      case .disconnected(let error):
        throw failure(error)
      case .subscribed:
        break
      }
    }
  }

  private func refusal(_ client: MosquittoClient, _ reason: Int32) -> TargetFailure {
    // 1 (3.1.1) and 0x84 (5): the broker does not speak the version that was tried.
    if client.version == .v5, reason == 1 || reason == 0x84 { dialect.refused() }
    let words = client.describe(reason: reason, ofConnect: true)
    return TargetFailure(
      "\(broker.host):\(broker.port) refuses the connection: \(words); look at `user`, `password` and the broker's access rules"
    )
  }

  private func failure(_ error: MosquittoError) -> TargetFailure {
    if client != nil, !isAccepted, error.isLostConnection { dialect.endedWithoutAWord() }
    return TargetFailure("\(broker.host):\(broker.port): \(error)")
  }
}

// Sending.
extension MQTTTarget {
  func send(_ contents: borrowing ShipmentContents, as identity: [UInt8]) throws(TargetFailure) {
    lane = contents.lane
    switch configuration.format {
    case .messages: outgoing.load(contents)
    case .batches: loadBatch(contents)
    }
    outstanding = [:]
    unclaimed = []
    resendBackoff.reset()
    isSending = true
  }

  private func loadBatch(_ contents: borrowing ShipmentContents) {
    batch.removeAll()
    isBatchDue = true
    var header = contents.header
    header.setCodec(.zstd)
    header.producerID = identity.epoch.value
    guard contents.storedHeader == nil else { return header.encode(records: contents.storedFrame, into: &batch) }
    var frame = ByteWriter(capacity: contents.byteCount / 4)
    compressor.compress(contents.recordBytes, into: &frame)
    header.encode(records: frame.bytes, into: &batch)
  }

  private var isEverythingSent: Bool {
    configuration.format == .batches ? !isBatchDue : outgoing.isAtEnd
  }

  /// Publishes as much as the window has room for, and says when everything is confirmed.
  private func pump(_ client: MosquittoClient, _ progress: inout TargetProgress) throws(TargetFailure) {
    if isEverythingSent, outstanding.isEmpty, !unclaimed.isEmpty {
      progress.hasMoved = true
      guard time.monotonicNanoseconds() >= resendAt else { return }
      outgoing.restart(only: Set(unclaimed))
      isBatchDue = true
      unclaimed = []
    }
    while outstanding.count < Self.messageWindow, !isEverythingSent {
      switch configuration.format {
      case .messages: try publishNext(client, &progress)
      case .batches: try publishBatch(client, &progress)
      }
    }
    if isEverythingSent, outstanding.isEmpty, unclaimed.isEmpty {
      progress.confirmed = 1
      isSending = false
    }
  }

  private func publishBatch(_ client: MosquittoClient, _ progress: inout TargetProgress) throws(TargetFailure) {
    isBatchDue = false
    let name = configuration.batchTopic ?? "forebay/\(identity.gateway)/batches"
    do throws(MosquittoError) {
      let number = try client.publish(
        topic: name.utf8.span.bytes, payload: batch.bytes, isRetained: false, userProperties: laneProperties)
      outstanding[number] = 0
      progress.sentBytes += name.utf8.count + batch.count
    } catch {
      // A batch that is too large for the broker is no single record's fault: its records cannot be set aside for it.
      throw failure(error)
    }
  }

  private var laneProperties: [(String, String)] {
    dialect.version == .v5 && lane == .backlog ? [("forebay-lane", "backlog")] : []
  }

  private func publishNext(_ client: MosquittoClient, _ progress: inout TargetProgress) throws(TargetFailure) {
    guard let message = outgoing.next() else { return }
    let properties =
      dialect.version == .v5
      ? [
        ("forebay-gateway", identity.gateway), ("forebay-epoch", identity.epoch.description),
        ("forebay-offset", String(message.offset)), ("forebay-time", message.timestamp.rfc3339),
      ] + laneProperties : []
    do throws(MosquittoError) {
      let number = try client.publish(
        topic: outgoing.topic.bytes, payload: outgoing.payload.bytes, isRetained: message.isRetained,
        userProperties: properties)
      outstanding[number] = message.index
      progress.sentBytes += outgoing.topic.count + outgoing.payload.count
    } catch {
      guard error.refusesMessage else { throw failure(error) }
      progress.refused.append(RefusedRecord(index: message.index, reason: error.reason))
    }
  }
}

// What became of a message.
extension MQTTTarget {
  private static let noMatchingSubscribers: Int32 = 0x10

  /// - Parameter reason: of the PUBACK: 0 or, below 128, a success with a remark.
  private func settle(
    _ index: Int, _ reason: Int32, _ client: MosquittoClient, _ progress: inout TargetProgress
  ) throws(TargetFailure) {
    switch reason {
    case Self.noMatchingSubscribers where configuration.requireSubscribers:
      if unclaimed.isEmpty { resendAt = time.monotonicNanoseconds() + resendBackoff.next() * 1_000_000 }
      unclaimed.append(index)
      progress.hesitation =
        "\(broker.host):\(broker.port) has no subscriber for some topics and would forget the messages; subscribe there, or set `requireSubscribers: false`"
    case 0..<128:
      break
    case 0x90, 0x99:
      // The topic or the payload itself is refused: no later try will fare better.
      progress.refused.append(
        RefusedRecord(index: index, reason: "the broker says: \(client.describe(reason: reason))"))
    default:
      throw TargetFailure(
        "\(broker.host):\(broker.port) does not take a message: \(client.describe(reason: reason)); look at the broker's access rules and quotas"
      )
    }
  }
}
