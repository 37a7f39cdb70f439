import Platform
import Synchronization

/// The thread of a line.
final class LineLoop {
  private let listener: ListeningSocket
  private let server: UInt16
  private let traffic: LineTraffic
  private let wakeUp: WakeUp
  private let poller: Poller
  private var connections: [UInt64: LineConnection] = [:]
  /// Of those that have ended.
  private var past = LineCount()
  private var nextToken: UInt64 = 2

  private static let listenerToken: UInt64 = 0
  private static let wakeUpToken: UInt64 = 1

  init(_ listener: consuming ListeningSocket, server: UInt16, _ traffic: LineTraffic, _ wakeUp: WakeUp) throws {
    self.listener = listener
    self.server = server
    self.traffic = traffic
    self.wakeUp = wakeUp
    poller = try Poller(capacity: 64)
    try poller.add(self.listener.descriptor, .readable, token: Self.listenerToken)
    try poller.add(wakeUp.descriptor, .readable, token: Self.wakeUpToken)
  }

  func run() {
    while !traffic.mustStop.load(ordering: .acquiring) {
      // Now and then without an event: acknowledgements are packets, too.
      guard let count = try? poller.wait(milliseconds: 50) else { return }
      for index in 0..<count {
        let event = poller.event(at: index)
        switch event.token {
        case Self.listenerToken: accept()
        case Self.wakeUpToken: wakeUp.acknowledge()
        default: move(event.token)
        }
      }
      publish()
    }
  }

  private func accept() {
    while case .connection(let client, _) = listener.accept() {
      // A server that is not there: the client sees its connection end.
      guard let connection = try? LineConnection(client, server: server, number: traffic.makeRecording()),
        (try? connection.register(poller, tokens: nextToken)) != nil
      else { continue }
      connections[nextToken] = connection
      nextToken += 2
    }
  }

  /// Both ends of a connection have a token, the even one's connection.
  private func move(_ token: UInt64) {
    let token = token & ~1
    guard let connection = connections[token] else { return }
    guard connection.move(traffic), (try? connection.watch(poller, tokens: token)) != nil else {
      past = past + connection.count
      connections[token] = nil
      return
    }
  }

  private func publish() {
    let now = connections.values.reduce(past) { $0 + $1.count }
    traffic.count.withLock { $0 = now }
  }
}

extension LineCount {
  fileprivate static func + (one: LineCount, other: LineCount) -> LineCount {
    LineCount(
      sentBytes: one.sentBytes + other.sentBytes, receivedBytes: one.receivedBytes + other.receivedBytes,
      packets: one.packets + other.packets)
  }
}

extension LineTraffic {
  /// - Returns: the number of a connection's recording; nil where none is made.
  fileprivate func makeRecording() -> Int? {
    guard records else { return nil }
    return recordings.withLock { recordings in
      recordings.append([])
      return recordings.count - 1
    }
  }

  func record(_ bytes: UnsafeRawBufferPointer, _ number: Int?) {
    guard let number else { return }
    recordings.withLock { $0[number].append(contentsOf: bytes) }
  }
}
