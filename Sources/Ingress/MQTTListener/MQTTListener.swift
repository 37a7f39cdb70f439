import Bytes
import Platform
import Records
import Storage
import Wire

/// The MQTT server: its listening sockets, and its connections. One thread, the ingress loop's.
final class MQTTListener {
  let configuration: MQTTListenerConfiguration
  private(set) var limits = MQTTLimits()
  let saver: StateSaver?
  /// Nil: there are no accounts.
  let passwords: PasswordCheck?
  /// Payloads and headers are made in it.
  var scratch = ByteWriter(capacity: 4 << 10)
  /// For the state as a whole: what it covers; what had come when it was last written, and when that was; whether it changed.
  var stateOffset: Offset = 0
  var savedBytes = 0
  var savedOffset: Offset = 0
  var lastState: Int64 = 0
  var isStateUnsaved = false
  var listeners: [Listener] = []
  var connections = ConnectionTable()
  /// How many there are from each address (IPv6: network) but this machine's own.
  var connectionsByAddress: [SocketAddress: Int] = [:]
  /// Which connection has a client id.
  var clients: [[UInt8]: ConnectionID] = [:]
  var status = MQTTListenerStatus()
  /// What all connections receive into.
  var receiveBuffer = ByteWriter(capacity: 2 * MQTTListener.receiveBytes)
  /// Those to send to at the end of the turn.
  var dirty: ContiguousArray<MQTTConnection> = []

  /// Who wants which topics.
  var subscribers = TopicTrie<Subscriber>()
  /// Of them, those who do not want what they published themselves.
  var noLocalSubscriptions = 0
  var groups: [SharedGroup.Key: SharedGroup] = [:]
  /// The log wakes the loop, and `tail` reads it, for the subscribers that keep up; only while there are any.
  var isFollowing = false
  var tail: LogReader?
  var tailPosition: Offset = 0
  var matches: ContiguousArray<MQTTConnection> = []
  /// Subscribers that do not keep up.
  var lagging: ContiguousArray<MQTTConnection> = []
  var openLagReaders = 0
  /// In this turn: some subscriber could go on and had no reader; a reader was opened.
  var isReaderWanted = false
  var hasOpenedReader = false
  /// A budget ended before the log did.
  var hasMoreToDeliver = false

  /// Sessions without a connection.
  var absent: [[UInt8]: AbsentSession] = [:]
  var retained: RetainedMessages
  /// Retained messages that are not durable yet, in order.
  var pendingRetained: [PendingRetained] = []
  /// Connections that have retained messages still to be sent.
  var retainedWaiters: ContiguousArray<MQTTConnection> = []
  /// When progress was last written down.
  var lastProgress: Int64 = 0

  /// Publishers that wait, since the log takes nothing, in the order in which they came to.
  var held: ContiguousArray<MQTTConnection> = []
  /// Wills there was no room for.
  var lostWills = GapCount(.logFull)

  /// Bytes in all connections' `input`, and in their `output` as of their last sending.
  var partialBytes = 0
  var queuedBytes = 0

  var complaints = RateLimit(burst: 20, everyMilliseconds: 1000)

  /// What one connection may have read in one turn, so that a chatty one cannot starve the rest.
  static let receiveBytes = 64 << 10
  /// What is read ahead of a publisher that waits for the log.
  static let heldBytes = 4 << 10
  /// What a client may send before it has connected.
  static let maxConnectBytes = 256 << 10
  /// What may wait to be sent, over all connections, before subscribers read from the log instead.
  static let maxQueuedBytes = 64 << 20

  final class Listener {
    let socket: ListeningSocket
    /// No descriptor was left for the last connection: accepting begins again at the next tick.
    var isPaused = false

    init(_ socket: consuming ListeningSocket) {
      self.socket = socket
    }
  }

  struct Subscriber: Hashable {
    let slot: Int
    let qos: MQTTQoS
    let isNoLocal: Bool
    let keepsRetain: Bool
    /// 0: none.
    let identifier: UInt32

    init(_ connection: ConnectionID, _ subscription: MQTTSubscription) {
      slot = connection.slot
      qos = subscription.qos
      isNoLocal = subscription.noLocal
      keepsRetain = subscription.retainAsPublished
      identifier = subscription.identifier ?? 0
    }
  }

  /// - Parameter activated: sockets at configured addresses are taken out of it instead of being made.
  init(
    _ configuration: MQTTListenerConfiguration, _ activated: inout ActivatedSockets, _ context: inout LoopContext
  ) throws(IngressError) {
    self.configuration = configuration
    passwords = try Self.startPasswordCheck(configuration, context.wakeUp)
    limits.maxSubscriptions = configuration.maxSubscriptionsPerClient
    limits.maxInFlight = configuration.maxInFlight
    limits.receiveMaximum = configuration.maxInFlightFromClient
    limits.maxPacketBytes = configuration.maxPacketBytes
    limits.maxTopicBytes = configuration.maxTopicBytes
    limits.maxTopicLevels = configuration.maxTopicLevels
    limits.maxKeepAliveSeconds = configuration.maxKeepAliveSeconds
    limits.maxSessionExpirySeconds = UInt32(clamping: configuration.maxSessionExpirySeconds)
    retained = RetainedMessages(maxCount: configuration.maxRetained, maxBytes: configuration.maxRetainedBytes)
    saver = configuration.stateDirectory.map { StateSaver($0) }
    lastState = context.now
    lastProgress = context.now
    recover(&context)
    for text in configuration.listen { try listen(text, &activated, &context) }
  }

  private func listen(
    _ text: String, _ activated: inout ActivatedSockets, _ context: inout LoopContext
  ) throws(IngressError) {
    guard let address = ListenAddress(text) else { throw .badAddress(text, setting: "mqtt.listen") }
    do throws(SystemError) {
      let listener =
        if let socket = activated.take(address) { Listener(socket) } else { Listener(try ListeningSocket(address)) }
      try context.poller.add(
        listener.socket.descriptor, .readable, token: EventToken.mqttListener(listeners.count).raw)
      listeners.append(listener)
    } catch {
      throw .cannotListen(text, setting: "mqtt.listen", error)
    }
  }

  var addresses: [String] { listeners.map { "\($0.socket.address)" } }

  /// What a commit makes possible, and all sending: once a turn.
  func passOn(_ context: inout LoopContext) {
    releaseAcknowledgements(&context)
    deliver(&context)
    sendToAll(&context)
    status.queuedBytes = queuedBytes
    if let passwords { status.passwords = passwords.status }
    status.heldPublishers = held.count
  }

  /// What need not be looked at every turn.
  func tick(_ context: inout LoopContext) {
    closeLate(&context)
    resumeAccepting(&context)
    forgetTailIfUnused(&context)
    reportLostWills(&context)
    endSessions(&context)
    writeDownProgress(&context)
    saveState(&context)
  }

  /// Sends the acknowledgements that are due, and closes everything.
  func stop(_ context: inout LoopContext) {
    releaseAcknowledgements(&context)
    sendToAll(&context)
    connections.forEach { close($0, .stopped, &context) }
    passwords?.stop()
    // The log takes it when it closes.
    context.flush()
    saveState(&context, isLast: true)
    listeners = []
  }

  /// Counts a connection that is turned away, and says so.
  func reject(_ end: ConnectionEnd, _ who: @autoclosure () -> String, _ now: Int64) {
    guard let name = end.countedAs else { return }
    status.rejected[name, default: 0] += 1
    // The password check has said so, with the user's name.
    guard end != .refused(.badUserOrPassword) else { return }
    complain("closed the connection of \(who()): \(end.reason)", now)
  }

  /// Says what a client did wrong, unless there is too much to say.
  func complain(_ text: @autoclosure () -> String, _ now: Int64) {
    guard complaints.permits(at: now) else { return }
    let suppressed = complaints.takeSuppressed()
    let more = suppressed > 0 ? " (\(suppressed) such lines before it were left out)" : ""
    Journal.warning("mqtt: \(text())\(more)")
  }
}
