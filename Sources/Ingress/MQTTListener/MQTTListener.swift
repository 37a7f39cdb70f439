import Bytes
import Platform
import Records
import Storage
import Wire

/// The MQTT server: its listening sockets, and its connections. One thread, the ingress loop's.
final class MQTTListener {
  let configuration: MQTTListenerConfiguration
  private(set) var limits = MQTTLimits()
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
  /// Follows the log for the subscribers that keep up; only while there are any.
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

  /// Publishers that wait, since the log takes nothing, in the order in which they came to.
  var held: ContiguousArray<MQTTConnection> = []
  /// Wills there was no room for.
  var lostWills = GapCount(.logFull)

  /// Bytes in all connections' `input`, and in their `output` as of their last sending.
  var partialBytes = 0
  var queuedBytes = 0

  private var complaints = RateLimit(burst: 20, everyMilliseconds: 1000)

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
  }

  init(_ configuration: MQTTListenerConfiguration, _ context: inout LoopContext) throws(IngressError) {
    self.configuration = configuration
    limits.maxSubscriptions = configuration.maxSubscriptionsPerClient
    limits.maxInFlight = configuration.maxInFlight
    for text in configuration.listen { try listen(text, &context) }
  }

  private func listen(_ text: String, _ context: inout LoopContext) throws(IngressError) {
    guard let address = SocketAddress(text) else { throw .badAddress(text, setting: "mqtt.listen") }
    do throws(SystemError) {
      let listener = Listener(try ListeningSocket(address))
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
    status.heldPublishers = held.count
  }

  /// What need not be looked at every turn.
  func tick(_ context: inout LoopContext) {
    closeLate(&context)
    resumeAccepting(&context)
    forgetTailIfUnused(&context)
    reportLostWills(&context)
  }

  /// Sends the acknowledgements that are due, and closes everything.
  func stop(_ context: inout LoopContext) {
    releaseAcknowledgements(&context)
    sendToAll(&context)
    connections.forEach { close($0, .stopped, &context) }
    listeners = []
  }

  /// Counts a connection that is turned away, and says so, unless there is too much to say.
  func reject(_ end: ConnectionEnd, _ who: @autoclosure () -> String, _ now: Int64) {
    guard let name = end.countedAs else { return }
    status.rejected[name, default: 0] += 1
    guard complaints.permits(at: now) else { return }
    let suppressed = complaints.takeSuppressed()
    let more = suppressed > 0 ? " (\(suppressed) such lines before it were left out)" : ""
    Journal.warning("mqtt: closed the connection of \(who()): \(end.reason)\(more)")
  }
}
