import Platform
import Wire

/// The console's thread: listeners and connections on one poller.
struct ConsoleLoop: ~Copyable {
  private let listeners: [Listener]
  private let wakeUp: WakeUp
  private let isStopping: @Sendable () -> Bool
  private let answer: Console.Answer
  private let time: any TimeSource
  private let poller: Poller
  private var connections: [Connection?] = []

  /// A client beyond this is turned away at once.
  static let maximumConnections = 32
  private static let wakeUpToken = UInt64.max
  private static let firstConnectionToken: UInt64 = 1000

  /// A listening socket, of either kind.
  final class Listener: Sendable {
    private let socket: Socket

    /// Whether it is the Unix socket.
    var isLocal: Bool {
      switch socket {
      case .local: true
      case .tcp: false
      }
    }

    private enum Socket: ~Copyable, Sendable {
      case local(FileDescriptor)
      case tcp(ListeningSocket)
    }

    init(local: consuming FileDescriptor) {
      socket = .local(local)
    }

    init(tcp: consuming ListeningSocket) {
      socket = .tcp(tcp)
    }

    var descriptor: CInt {
      switch socket {
      case .local(let socket): socket.raw
      case .tcp(let socket): socket.descriptor
      }
    }

    /// The next client; nil when none waits, or none can be taken now.
    func accept() -> FileDescriptor? {
      switch socket {
      case .local(let socket): return try? LocalSocket.accept(socket)
      case .tcp(let socket):
        if case .connection(let client, _) = socket.accept() { return client }
        return nil
      }
    }
  }

  private final class Connection {
    var state: ConsoleConnection
    var waitsFor = ConsoleConnection.Next.read
    init(_ state: consuming ConsoleConnection) { self.state = state }
  }

  init(
    _ listeners: [Listener], wakeUp: WakeUp, time: any TimeSource, isStopping: @escaping @Sendable () -> Bool,
    answer: @escaping Console.Answer
  ) throws(SystemError) {
    let poller = try Poller(capacity: Self.maximumConnections + 4)
    try poller.add(wakeUp.descriptor, .readable, token: Self.wakeUpToken)
    for (index, listener) in listeners.enumerated() {
      try poller.add(listener.descriptor, .readable, token: UInt64(index))
    }
    self.poller = poller
    self.listeners = listeners
    self.wakeUp = wakeUp
    self.time = time
    self.isStopping = isStopping
    self.answer = answer
  }

  /// Serves until `isStopping`.
  mutating func run() throws(SystemError) {
    while !isStopping() {
      let isIdle = !connections.contains { $0 != nil }
      let count = try poller.wait(milliseconds: isIdle ? -1 : 1000)
      let now = time.monotonicNanoseconds()
      for index in 0..<count {
        let event = poller.event(at: index)
        switch event.token {
        case Self.wakeUpToken: wakeUp.acknowledge()
        case Self.firstConnectionToken...: try serve(Int(event.token - Self.firstConnectionToken), now)
        default: try accept(listeners[Int(event.token)], now)
        }
      }
      closeOverdue(now)
    }
  }

  private mutating func accept(_ listener: Listener, _ now: Int64) throws(SystemError) {
    // Out of descriptors: the connection waits in the kernel; a moment later there may be some again.
    guard let socket = listener.accept() else { return }
    let slot = connections.firstIndex { $0 == nil } ?? connections.count
    guard slot < Self.maximumConnections else { return }
    try poller.add(socket.raw, .readable, token: Self.firstConnectionToken + UInt64(slot))
    let connection = Connection(ConsoleConnection(socket, isLocal: listener.isLocal, now: now))
    if slot == connections.count { connections.append(connection) } else { connections[slot] = connection }
  }

  private mutating func serve(_ slot: Int, _ now: Int64) throws(SystemError) {
    guard let connection = connections[slot] else { return }
    let next = connection.state.advance(now: now, answer: answer)
    if next == .close {
      connections[slot] = nil
    } else if next != connection.waitsFor {
      connection.waitsFor = next
      try poller.modify(
        connection.state.socket.raw, next == .write ? .writable : .readable,
        token: Self.firstConnectionToken + UInt64(slot))
    }
  }

  private mutating func closeOverdue(_ now: Int64) {
    for slot in connections.indices where connections[slot].map({ $0.state.deadline <= now }) ?? false {
      connections[slot] = nil
    }
  }
}
