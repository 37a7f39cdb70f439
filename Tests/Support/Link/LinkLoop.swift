import Glibc
import Platform

/// The thread of a `LinkProxy`.
final class LinkLoop: @unchecked Sendable {
  // Unchecked: made on one thread and handed to the line's, which alone uses it from then on.
  let shared: LinkProxy.Shared
  let port: Int
  private let target: Int
  private var listener: LinkListener?
  private var connections: [LinkConnection] = []
  private var state = LinkProxy.State.open
  private var up = LinkBudget()
  private var down = LinkBudget()

  /// Of what is read ahead on a line without a limit.
  private static let readAhead = 1 << 20
  private static let openingBytes = 64 << 10

  init(to target: Int) throws {
    self.target = target
    shared = try LinkProxy.Shared()
    port = freePort()
    listener = try LinkListener(port: port)
  }

  func run() {
    do {
      while !shared.current.mustStop {
        let orders = shared.current
        try enter(orders.state)
        shared.count { ($0.state, $0.orders) = (orders.state, orders.number) }
        wait(orders)
        // A change of state goes before what would be done otherwise.
        if shared.current.state == state { work(shared.current) }
      }
    } catch {
      // Nothing in a test can go on without the line.
      fatalError("a line's proxy: \(error)")
    }
  }

  private func enter(_ new: LinkProxy.State) throws {
    guard new != state else { return }
    // Those that wait are connections already.
    if isCarrying { accept() }
    // What was swallowed is missing in the middle of these.
    if state == .mute || new == .cut { connections = [] }
    if state == .cut { listener = try LinkListener(port: port) }
    if new == .cut { listener = nil }
    state = new
    if let listener { try LinkSocket.dropPackets(new == .silent, on: listener.descriptor) }
    for connection in connections {
      try LinkSocket.dropPackets(new == .silent, on: connection.client.raw)
    }
  }

  private var isCarrying: Bool { state == .open || state == .mute }

  private func readLimit(_ orders: LinkProxy.Orders) -> Int {
    orders.bytesPerSecond.map { max(2 << 10, $0 / 10) } ?? Self.readAhead
  }

  private func work(_ orders: LinkProxy.Orders) {
    guard isCarrying else { return }
    accept()
    let now = SystemTime().monotonicNanoseconds()
    up.refill(orders.bytesPerSecond, now)
    down.refill(orders.bytesPerSecond, now)
    connections = connections.filter { state == .mute ? swallow($0) : forward($0, orders, now) }
  }

  private func accept() {
    while let client = listener?.accept() {
      let number = shared.count {
        $0.connections += 1
        $0.openings.append([])
        return $0.connections - 1
      }
      let server = state == .open ? LinkSocket(to: target) : nil
      if state == .open, server == nil { continue }
      connections.append(LinkConnection(client: client, server: server, number: number))
    }
  }

  /// False where the connection is lost.
  private func swallow(_ connection: LinkConnection) -> Bool {
    var flow = LinkFlow()
    note(flow.read(from: connection.client.descriptor, limit: Self.readAhead, due: 0), of: connection)
    return !flow.hasEnded
  }

  /// False where the connection is over.
  private func forward(_ connection: LinkConnection, _ orders: LinkProxy.Orders, _ now: Int64) -> Bool {
    guard let server = connection.server else { return false }
    let client = connection.client
    let due = now + Int64(orders.delayMilliseconds) * 1_000_000
    let limit = readLimit(orders)
    note(connection.up.read(from: client.descriptor, limit: limit, due: due), of: connection)
    _ = connection.down.read(from: server.descriptor, limit: limit, due: due)
    pass(&connection.up, to: server, .up, &up, now)
    pass(&connection.down, to: client, .down, &down, now)
    return !connection.passOnEnds()
  }

  private func pass(
    _ flow: inout LinkFlow, to sink: LinkSocket, _ direction: LinkProxy.Direction, _ budget: inout LinkBudget,
    _ now: Int64
  ) {
    let orders = shared.current
    // A turn for the worse holds to the byte.
    guard orders.state == state else { return }
    let bytesToTurn = orders.turn?.direction == direction ? orders.turn?.bytes : nil
    let limit = min(budget.bytes, bytesToTurn ?? .max)
    let moved = flow.write(to: sink.descriptor, limit: limit, now: now)
    budget.take(moved)
    shared.count { if direction == .up { $0.bytesUp += moved } else { $0.bytesDown += moved } }
    if moved > 0, bytesToTurn != nil { shared.order { $0.approachTurn(moved) } }
  }

  private func note(_ said: [UInt8], of connection: LinkConnection) {
    guard !said.isEmpty else { return }
    shared.count {
      let room = Self.openingBytes - $0.openings[connection.number].count
      if room > 0 { $0.openings[connection.number] += said.prefix(room) }
    }
  }
}

// Sleeping.
extension LinkLoop {
  private func wait(_ orders: LinkProxy.Orders) {
    var polls = [pollfd(fd: shared.wakeUp.descriptor, events: Int16(POLLIN), revents: 0)]
    var milliseconds = -1
    if isCarrying {
      let now = SystemTime().monotonicNanoseconds()
      polls.append(pollfd(fd: listener?.descriptor ?? -1, events: Int16(POLLIN), revents: 0))
      for connection in connections {
        polls += interests(connection, orders, now)
        for due in [connection.up.due, connection.down.due].compactMap({ $0 }) {
          // At a limited rate a little may be passed on all the time.
          guard due > now || orders.bytesPerSecond != nil else { continue }
          let wait = Int(max(0, due - now) / 1_000_000) + 2
          milliseconds = milliseconds < 0 ? wait : min(milliseconds, wait)
        }
      }
    }
    poll(&polls, nfds_t(polls.count), CInt(milliseconds))
    if polls[0].revents != 0 { shared.wakeUp.acknowledge() }
  }

  private func interests(_ connection: LinkConnection, _ orders: LinkProxy.Orders, _ now: Int64) -> [pollfd] {
    let limit = readLimit(orders)
    func interest(_ socket: LinkSocket?, reading: LinkFlow, writing: LinkFlow) -> pollfd {
      var events: Int16 = 0
      if !reading.hasEnded, reading.byteCount < limit { events |= Int16(POLLIN) }
      if orders.bytesPerSecond == nil, let due = writing.due, due <= now { events |= Int16(POLLOUT) }
      // Without any interest in it its end would be told over and over.
      return pollfd(fd: events == 0 ? -1 : socket?.raw ?? -1, events: events, revents: 0)
    }
    return [
      interest(connection.client, reading: connection.up, writing: connection.down),
      interest(connection.server, reading: connection.down, writing: connection.up),
    ]
  }
}
