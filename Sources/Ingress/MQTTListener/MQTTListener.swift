import Bytes
import Platform
import Records
import Storage
import Synchronization
import Wire

/// The MQTT server, or as much of it as one ingress thread has: listening sockets, connections and their sessions. One thread,
/// the ingress loop's.
final class MQTTListener {
  let configuration: MQTTListenerConfiguration
  /// What it has in common with those of the other threads, and which of them it is; the first is 0.
  let common: MQTTListenerCommon
  let index: Int
  private(set) var limits = MQTTLimits()
  /// Of the first alone.
  let saver: StateSaver?
  /// Nil: there are no accounts.
  let passwords: PasswordCheck?
  /// Payloads and headers are made in it.
  var scratch = ByteWriter(capacity: 4 << 10)
  /// For the state as a whole: what it covers; what had come when it was last written, and when that was; whether the other
  /// threads have been asked for their parts.
  var stateOffset: Offset = 0
  var savedBytes = 0
  var savedOffset: Offset = 0
  var lastState: Int64 = 0
  var isCollecting = false
  /// Of `status.bytes`, what all threads know of.
  var toldBytes = 0
  var listeners: [Listener] = []
  var connections = ConnectionTable()
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
  var absent: [[UInt8]: AbsentSession] = [:] {
    didSet { noteSessions() }
  }
  /// Connections that have retained messages still to be sent.
  var retainedWaiters: ContiguousArray<MQTTConnection> = []
  /// When progress was last written down.
  var lastProgress: Int64 = 0

  /// Publishers that wait, since the log takes nothing, in the order in which they came to.
  var held: ContiguousArray<MQTTConnection> = []
  /// Wills there was no room for.
  var lostWills = GapCount(.logFull)

  /// Bytes in all connections' `output` as of their last sending; of them, what all threads know of; and those of the other
  /// threads' connections, as of the last turn.
  var queuedBytes = 0
  var toldQueuedBytes = 0
  var queuedElsewhere = 0

  /// Connections that go to another thread at the end of the turn: those whose CONNECT says so, and those that a shared
  /// subscription takes to the first thread, once their acknowledgements are out.
  var leaving: ContiguousArray<MQTTConnection> = []
  var moving: ContiguousArray<MQTTConnection> = []
  /// Clients that may be guests no more.
  var partingGuests: [PartingGuest] = []
  /// Acknowledgements are out of what has a lower ticket, of messages and of the loop's own.
  var acknowledgedTickets: UInt64 = 0
  var acknowledgedOwnTickets: UInt64 = 0

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
    /// Other threads may have one at its address, too.
    let isShared: Bool
    /// No descriptor was left for the last connection: accepting begins again at the next tick.
    var isPaused = false

    init(_ socket: consuming ListeningSocket, isShared: Bool = false) {
      self.socket = socket
      self.isShared = isShared
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

  /// - Parameter part: what was there when the server last stopped, as far as it is this thread's.
  init(_ index: Int, _ common: MQTTListenerCommon, _ part: ListenerState.Part, _ context: inout LoopContext) {
    configuration = common.configuration
    self.common = common
    self.index = index
    passwords = common.passwords
    limits.maxSubscriptions = configuration.maxSubscriptionsPerClient
    limits.maxInFlight = configuration.maxInFlight
    limits.receiveMaximum = configuration.maxInFlightFromClient
    limits.maxPacketBytes = configuration.maxPacketBytes
    limits.maxTopicBytes = configuration.maxTopicBytes
    limits.maxTopicLevels = configuration.maxTopicLevels
    limits.maxKeepAliveSeconds = configuration.maxKeepAliveSeconds
    limits.maxSessionExpirySeconds = UInt32(clamping: configuration.maxSessionExpirySeconds)
    saver = index == 0 ? configuration.stateDirectory.map { StateSaver($0) } : nil
    lastState = context.now
    lastProgress = context.now
    common.retained.setPlaces(context.appender.places, of: index)
    takeUp(part, &context)
  }

  /// What a commit makes possible, and all sending: once a turn.
  func passOn(_ context: inout LoopContext) {
    releaseAcknowledgements(&context)
    deliver(&context)
    sendToAll(&context)
    handOver(&context)
    status.queuedBytes = queuedBytes
    status.heldPublishers = held.count
    tellQueuedBytes()
  }

  /// What need not be looked at every turn.
  func tick(_ context: inout LoopContext) {
    closeLate(&context)
    resumeAccepting(&context)
    forgetTailIfUnused(&context)
    unblockThoseThatMay()
    reportLostWills(&context)
    partFromGuests(&context)
    endSessions(&context)
    writeDownProgress(&context)
    saveState(&context)
  }

  /// Sends the acknowledgements that are due, and closes everything.
  func stop(_ context: inout LoopContext) {
    closeInbox(&context)
    releaseAcknowledgements(&context)
    sendToAll(&context)
    connections.forEach { close($0, .stopped, &context) }
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
    common.complain(text, now)
  }

  private func noteSessions() {
    let change = absent.count - status.sessions
    guard change != 0 else { return }
    status.sessions = absent.count
    common.sessions.add(change, ordering: .relaxed)
  }

  /// Packets that have come in part are so many bytes more, or less.
  func notePartial(_ bytes: Int) {
    if bytes != 0 { common.partialBytes.add(bytes, ordering: .relaxed) }
  }

  /// Of all threads.
  var partialBytes: Int { common.partialBytes.load(ordering: .relaxed) }

  private func tellQueuedBytes() {
    let change = queuedBytes - toldQueuedBytes
    toldQueuedBytes = queuedBytes
    if change != 0 { common.queuedBytes.add(change, ordering: .relaxed) }
    queuedElsewhere = common.queuedBytes.load(ordering: .relaxed) - queuedBytes
  }
}
