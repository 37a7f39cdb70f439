import Bytes
import Platform
import Records
import Wire

/// A stream of a RabbitMQ cluster as an uplink's far side: a publisher for each lane over one connection, to the node that
/// leads the stream.
///
/// The publisher's reference is the gateway, its log's epoch and the uplink's name (and `backlog`, for that lane), and an
/// entry's publishing id is the offset of its last record plus one: so the stream itself knows what it has had, and drops what
/// comes again.
final class RabbitMQTarget: UplinkTarget {
  private let configuration: RabbitMQTargetConfiguration
  private let gateway: String
  private let reference: String
  private let timeoutSeconds: Int
  private let time: any TimeSource

  private var socket: TargetSocket?
  private var connection: RabbitMQConnection?
  private var packer: RabbitMQPacker
  /// Whom the connection is with.
  private var address = ""
  /// The same by the node's own account.
  private var node: RabbitMQMetadata.Node?
  /// The next of `hosts` to begin with.
  private var nextHost = 0
  /// How often the cluster has sent us on to another node since `connect`.
  private var hops = 0
  private static let maxHops = 3

  /// The stream itself: of several, or of a super stream, the gateway's.
  private var stream = ""
  /// The last id that the stream had of each lane when its publisher was declared; nil: it is not declared yet.
  private var lastIDs: [Lane: UInt64] = [:]
  /// Lanes whose publishers have been declared, and whose last ids have been asked for, in order.
  private var asked: [Lane] = []
  private var outstanding: [Outstanding] = []

  private var lastSent: Int64 = 0
  private var lastReceived: Int64 = 0

  /// A node stops reading behind 50,000 entries that it has not confirmed.
  let window = 8
  /// Of a publisher's reference.
  static let maximumReferenceBytes = 255

  /// A shipment on its way.
  private struct Outstanding {
    let lane: Lane
    var ids: Set<UInt64>
    let lastID: UInt64
    let refused: [RefusedRecord]
  }

  init(
    _ configuration: RabbitMQTargetConfiguration, _ context: TargetContext
  ) throws(TargetFailure) {
    self.configuration = configuration
    timeoutSeconds = context.timeoutSeconds
    time = context.time
    gateway = context.identity.gateway
    reference = "\(context.identity.gateway)/\(context.identity.epoch)/\(context.uplink)"
    packer = RabbitMQPacker(context.identity, configuration.compression, context.effort)
    guard reference(of: .backlog).utf8.count <= Self.maximumReferenceBytes else {
      throw TargetFailure("the names of the gateway and the uplink are too long for RabbitMQ, together: `\(reference)`")
    }
  }

  private var isReady: Bool { lastIDs[.live] != nil }

  private func reference(of lane: Lane) -> String { lane == .live ? reference : reference + "/backlog" }

  var descriptor: CInt { socket?.raw ?? -1 }
  var wantsWrite: Bool { (connection?.output.count ?? 0) > 0 }

  func connect() throws(TargetFailure) {
    hops = 0
    let host = configuration.hosts[nextHost % configuration.hosts.count]
    nextHost += 1
    try open(host)
  }

  private func open(_ host: String) throws(TargetFailure) {
    disconnect()
    address = host
    do throws(SystemError) {
      socket = try TargetSocket(to: host, deadSeconds: timeoutSeconds)
    } catch {
      let advice =
        hops == 0
        ? "look at the address and the network"
        : "the cluster says that the stream's leader is there (stream.advertised_host); where the gateway cannot reach that, set `followLeader: false`"
      throw failure("\(error.reason); \(advice)")
    }
    connection = RabbitMQConnection(name: "forebay \(reference)", credentials: configuration.credentials)
    lastSent = time.monotonicNanoseconds()
    lastReceived = lastSent
  }

  func disconnect() {
    if isReady, socket != nil {
      connection!.close()
      try? socket!.send(&connection!.output)
    }
    lastIDs = [:]
    asked = []
    connection = nil
    socket = nil
    outstanding = []
  }

  func work(isReadable: Bool) throws(TargetFailure) -> TargetProgress {
    var progress = TargetProgress()
    guard socket != nil else { return progress }
    let ending = socket!.receive()
    if socket?.hasReceived == true { lastReceived = time.monotonicNanoseconds() }
    for event in try take() {
      progress.hasMoved = true
      try handle(event)
    }
    // Another node's socket may stand in its place by now.
    if let ending, !progress.hasMoved { throw failure(ending) }
    try beat()
    try transmit(&progress)
    progress.isReady = isReady
    settle(&progress)
    return progress
  }

  private func take() throws(TargetFailure) -> [RabbitMQConnection.Event] {
    do throws(RabbitMQConnection.Failure) {
      return try Self.take(socket!, &connection!)
    } catch {
      throw failure(error.description)
    }
  }

  private static func take(
    _ socket: borrowing TargetSocket, _ connection: inout RabbitMQConnection
  ) throws(RabbitMQConnection.Failure) -> [RabbitMQConnection.Event] {
    try connection.receive(socket.received.bytes)
  }

  private func transmit(_ progress: inout TargetProgress) throws(TargetFailure) {
    do throws(SystemError) {
      try socket!.send(&connection!.output)
    } catch {
      throw failure(error.reason)
    }
    progress.sentBytes = socket!.takeSentBytes()
    if progress.sentBytes > 0 { lastSent = time.monotonicNanoseconds() }
    if socket!.takeProgress() { progress.hasMoved = true }
  }

  /// Says that we are there, and sees whether the node is.
  private func beat() throws(TargetFailure) {
    let seconds = connection?.heartbeatSeconds ?? 0
    guard seconds > 0 else { return }
    let interval = Int64(seconds) * 1_000_000_000
    let now = time.monotonicNanoseconds()
    guard now - lastReceived < 2 * interval else {
      throw failure("nothing has come for \(2 * seconds) s, not even a heartbeat")
    }
    if now - lastSent >= interval, !wantsWrite {
      connection!.heartbeat()
      lastSent = now
    }
  }

  private func failure(_ reason: String) -> TargetFailure { TargetFailure("rabbitmq \(address): \(reason)") }

  private func failure(_ code: RabbitMQResponseCode) -> TargetFailure { failure("stream `\(stream)`: \(code)") }
}

// The way to the stream's leader.
extension RabbitMQTarget {
  private func handle(_ event: RabbitMQConnection.Event) throws(TargetFailure) {
    switch event {
    case .ready(let node):
      self.node = node
      switch configuration.destination {
      case .superStream(let name): connection!.requestPartitions(of: name)
      case .streams(let names):
        stream = choose(names)
        if let limits = configuration.create {
          connection!.create(stream, limits)
        } else {
          connection!.requestMetadata(of: stream)
        }
      }
    case .created(let code):
      // One with other limits than were asked for does as well: they are its owner's to choose.
      guard [.ok, .streamExists, .preconditionFailed].contains(code) else { throw failure(code) }
      connection!.requestMetadata(of: stream)
    case .partitions(let code, let streams):
      guard code == .ok else { throw failure(code) }
      guard !streams.isEmpty else { throw failure("the super stream has no partitions") }
      stream = choose(streams)
      connection!.requestMetadata(of: stream)
    case .metadata(let metadata): try follow(metadata)
    case .publisherDeclared(let code):
      guard code == .ok else { throw failure(code) }
    case .publisherSequence(let code, let id):
      guard code == .ok else { throw failure(code) }
      if !asked.isEmpty { lastIDs[asked.removeFirst()] = id }
    case .outcome(let outcome): try take(outcome)
    case .moved(let code, let stream):
      if stream == self.stream { throw failure(code) }
    }
  }

  private func choose(_ streams: [String]) -> String {
    streams[RabbitMQRouting.partition(of: gateway.utf8.span.bytes, count: streams.count)]
  }

  /// Goes on to the node that leads the stream, unless this is it, or the nodes do not agree: then any will do.
  private func follow(_ metadata: RabbitMQMetadata) throws(TargetFailure) {
    guard metadata.code == .ok else { throw failure(metadata.code) }
    guard let leader = metadata.leader else {
      throw failure("stream `\(stream)` has no leader at the moment; nodes are down")
    }
    if configuration.followLeader, leader != node, leader.address != address, hops < Self.maxHops {
      hops += 1
      return try open(leader.address)
    }
    declarePublisher(of: .live)
  }

  private func declarePublisher(of lane: Lane) {
    asked.append(lane)
    connection!.declarePublisher(
      RabbitMQPacker.publisher(of: lane), reference: reference(of: lane), stream: stream)
    connection!.querySequence(reference: reference(of: lane), stream: stream)
  }
}

// Shipments.
extension RabbitMQTarget {
  /// The records' offsets are all that it takes; but a lane's publisher must be there.
  func identify(
    _ contents: borrowing ShipmentContents, noted: [UInt8]?, behind ahead: [[UInt8]]
  ) throws(TargetFailure) -> [UInt8]? {
    guard connection != nil else { throw failure("there is no connection") }
    let lane = contents.lane
    guard lastIDs[lane] == nil else { return [] }
    if !asked.contains(lane) { declarePublisher(of: lane) }
    return nil
  }

  func send(_ contents: borrowing ShipmentContents, as identity: [UInt8]) throws(TargetFailure) {
    let lane = contents.lane
    guard let lastID = lastIDs[lane], connection != nil, let end = contents.shipment?.end else {
      throw failure("there is no connection")
    }
    let packed = Self.pack(contents, &packer, after: lastID, &connection!)
    outstanding.append(
      Outstanding(lane: lane, ids: packed.ids, lastID: RabbitMQPacker.id(end - 1), refused: packed.refused))
  }

  private static func pack(
    _ contents: borrowing ShipmentContents, _ packer: inout RabbitMQPacker, after lastID: UInt64,
    _ connection: inout RabbitMQConnection
  ) -> RabbitMQPacker.Packed {
    let maximum = connection.maximumFrameBytes
    return packer.pack(contents, after: lastID, maximumFrameBytes: maximum, to: &connection.output)
  }

  private func take(_ outcome: RabbitMQOutcome) throws(TargetFailure) {
    if let refusal = outcome.refused.first { throw failure(refusal.code) }
    for id in outcome.confirmed {
      // In any order; of an earlier connection's, none is there.
      let index = outstanding.firstIndex {
        RabbitMQPacker.publisher(of: $0.lane) == outcome.publisher && $0.lastID >= id
      }
      guard let index else { continue }
      outstanding[index].ids.remove(id)
    }
  }

  /// Tells the loop of the shipments that are all there. Refused records are the first one's: so it goes alone.
  private func settle(_ progress: inout TargetProgress) {
    while let first = outstanding.first, first.ids.isEmpty {
      guard first.refused.isEmpty || progress.confirmed == 0 else { return }
      progress.refused = first.refused
      progress.confirmed += 1
      outstanding.removeFirst()
      if !first.refused.isEmpty { return }
    }
  }
}
