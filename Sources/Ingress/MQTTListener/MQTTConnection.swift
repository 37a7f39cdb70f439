import Bytes
import Platform
import Records
import Storage
import Wire

/// One client's connection: the socket, the session, and what waits in either direction. One thread.
///
/// Small while idle: what is received goes through a buffer that all connections share, and `input` holds something
/// only while a packet has come in part.
final class MQTTConnection {
  let peer: SocketAddress
  let socket: FileDescriptor
  private let hot: UnsafeMutablePointer<Hot>

  /// How long that packet is, where its header tells; else 0.
  var awaitedBytes = 0

  /// Bytes at the front of `output` that have been sent.
  var sentBytes = 0
  var queuedBytes: Int { output.count - sentBytes }
  /// Of them, what the listener has counted.
  var accountedQueuedBytes = 0

  /// When the connection is closed unless something comes (monotonic nanoseconds).
  var deadline: Int64
  /// 0: none.
  var keepAliveNanoseconds: Int64 = 0

  var interest: Poller.Interest = .readable
  /// In the list of those to send to at the end of the turn.
  var isDirty = false
  /// Its next packet is a PUBLISH, and the log takes nothing.
  var isHeld = false
  /// What came before that: so many messages and records of the thread's own.
  var movesBehind: (tickets: UInt64, ownTickets: UInt64) = (0, 0)
  /// Nothing but pings is handled of what comes from it.
  var isWaiting: Bool { isHeld || isMoving }
  /// The body of its CONNECT, while the password in it is checked, or on the way to the thread it is for; nothing is read
  /// meanwhile.
  var uncheckedConnect: [UInt8]?
  /// Whose client it is; nil: nobody's.
  private(set) var account: Account?
  /// Closed as soon as everything is sent; nothing more is read.
  var isClosing: ConnectionEnd?
  var isClosed = false
  /// Its next packet may be handled.
  var isHandled: Bool { isClosing == nil && !isClosed && !isMoving && uncheckedConnect == nil }

  /// The header that every record of this client has, encoded once.
  private(set) var source = RecordHeaders.none

  /// The session, or its will, is in the log: what changes it must be, too.
  var isWrittenDown = false
  /// What has been delivered since the session was last written down.
  var isUnsaved = false
  var waitingRetained: [MQTTListener.WaitingRetained] = []
  /// Retained messages that were sent and perhaps not acknowledged, by packet id.
  var retainedInFlight: [UInt16: OwnedRecord] = [:]

  /// When it connected (monotonic nanoseconds), and what has gone over it since.
  private(set) var connectedAt: Int64 = 0
  var messages = 0
  var deliveries = 0

  /// Set while the subscriber is behind the others and reads the log by itself.
  var lag: Lag?
  /// Its reader, while there is one.
  var lagReader: LogReader?

  struct Lag {
    /// The record it needs next.
    var next: Offset
    /// It cannot take more before it has read or acknowledged something.
    var isBlocked: Bool
    var lastBlocked: Int64
  }

  init(
    _ id: ConnectionID, _ socket: consuming FileDescriptor, _ peer: SocketAddress, _ limits: MQTTLimits,
    deadline: Int64
  ) {
    self.socket = socket
    self.peer = peer
    hot = .allocate(capacity: 1)
    hot.initialize(to: Hot(id: id, session: MQTTSession(limits)))
    self.deadline = deadline
  }

  deinit {
    hot.deinitialize(count: 1)
    hot.deallocate()
  }

  /// What every packet touches. Not stored in the object itself: the checks for exclusive access to stored properties
  /// of objects were four tenths of the ingress thread's time.
  private struct Hot: ~Copyable {
    var id: ConnectionID
    var isMoving = false
    var session: MQTTSession
    var input = ByteWriter(capacity: 0)
    var output = ByteWriter(capacity: 0)
    var match = DeliveryMatch()
    var permissions = Permissions.everything
  }

  /// In the table of the thread that has it.
  var id: ConnectionID {
    get { hot.pointee.id }
    set { hot.pointee.id = newValue }
  }

  /// Its next packet is a SUBSCRIBE for the first thread, where it goes once the acknowledgements of what came before are out.
  var isMoving: Bool {
    get { hot.pointee.isMoving }
    set { hot.pointee.isMoving = newValue }
  }

  var session: MQTTSession {
    _read { yield hot.pointee.session }
    _modify { yield &hot.pointee.session }
  }

  /// The front of a packet that has not come whole.
  var input: ByteWriter {
    _read { yield hot.pointee.input }
    _modify { yield &hot.pointee.input }
  }

  /// What is to be sent.
  var output: ByteWriter {
    _read { yield hot.pointee.output }
    _modify { yield &hot.pointee.output }
  }

  /// The record that was last found to match a subscription of this client, and what its subscriptions say of it.
  var match: DeliveryMatch {
    _read { yield hot.pointee.match }
    _modify { yield &hot.pointee.match }
  }

  /// What the client may publish and subscribe to.
  var permissions: Permissions {
    _read { yield hot.pointee.permissions }
  }

  /// Notes who the client is.
  func setClient(_ clientID: [UInt8], _ account: Account?, _ permissions: Permissions, now: Int64) {
    self.account = account
    hot.pointee.permissions = permissions
    source = Self.source(of: clientID)
    connectedAt = now
    keepAliveNanoseconds = Int64(session.keepAliveSeconds) * 1_500_000_000
    touch(now)
  }

  static func source(of clientID: [UInt8]) -> RecordHeaders {
    var name = Array("mqtt:".utf8)
    name += clientID
    var source = RecordHeaders.none
    source.add(RecordHeaderKey.source, name.span.bytes)
    return source
  }

  func forgetAcknowledgedRetained() {
    guard !retainedInFlight.isEmpty else { return }
    let inFlight = Set(session.state.outbound.filter(\.isRetained).map(\.packetID))
    retainedInFlight = retainedInFlight.filter { inFlight.contains($0.key) }
  }

  /// A whole packet has come.
  func touch(_ now: Int64) {
    guard session.isConnected else { return }
    deadline = keepAliveNanoseconds == 0 ? Int64.max : now + keepAliveNanoseconds
  }

  /// Gives back memory that a burst has left.
  func shrink() {
    if output.isEmpty, output.capacity > 4096 { output = ByteWriter(capacity: 0) }
    if input.isEmpty, input.capacity > 4096 { input = ByteWriter(capacity: 0) }
  }

  /// For the operator.
  var name: String {
    guard !session.clientID.isEmpty else { return "a client at \(peer)" }
    let user = account.map { " of user `\($0.name.span.bytes.text)`" } ?? ""
    return "client `\(session.clientID.span.bytes.text)`\(user) at \(peer)"
  }
}
