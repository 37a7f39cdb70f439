import Bytes
import Mosquitto
import Platform
import Records
import Storage

/// The thread of one broker subscription. Strict phases: read everything that is there, commit it, and only then write.
///
/// libmosquitto has one queue for all that goes out. Writing at any other time, be it for a ping, would let the
/// acknowledgements of messages through that are not on disk. A crash between the commit and the write has the broker
/// deliver those messages again: at least once.
///
/// While the log takes nothing there is no connection: the broker keeps what is due, which is what it has the session for.
/// Staying connected would mean to read its pings and with them its messages.
final class SubscriptionLoop: @unchecked Sendable {
  // Unchecked: made on one thread and handed to the subscription's, which alone uses it from then on.
  private let configuration: BrokerSubscriptionConfiguration
  private let broker: MosquittoConfiguration
  private let shared: BrokerSubscription.Shared
  private let time = SystemTime()
  private let headers: RecordHeaders
  private let retainedHeaders: RecordHeaders

  private let log: Log
  private var appender: Appender
  private var status: BrokerSubscriptionStatus
  private var backoff = Backoff()

  /// Messages of one read phase: bounds how long the first of them waits for its commit.
  private static let messagesPerPhase: UInt64 = 4000
  private static let connectLimitNanoseconds: Int64 = 10_000_000_000

  init(
    _ configuration: BrokerSubscriptionConfiguration, _ broker: MosquittoConfiguration,
    shared: BrokerSubscription.Shared, log: Log
  ) {
    self.configuration = configuration
    self.broker = broker
    self.shared = shared
    status = shared.status
    self.log = log
    appender = log.makeAppender()
    var headers = RecordHeaders()
    headers.add(RecordHeaderKey.source, "broker:\(configuration.name)")
    self.headers = headers
    headers.add(RecordHeaderKey.retain, "1")
    retainedHeaders = headers
  }

  func run() {
    while !shared.mustStop {
      guard waitForLog() else { break }
      set(.connecting)
      do {
        try followOneConnection()
      } catch let error as MosquittoError {
        note("\(status.broker): \(error)")
      } catch {
        // The log has failed: nothing may be acknowledged, and the process is about to end.
        note("\(error)")
        break
      }
      guard !shared.mustStop, !log.isRefusing else { continue }
      set(.waiting)
      _ = shared.wakeUp.wait(milliseconds: Int(backoff.next()))
    }
    set(.stopped)
  }

  /// Sleeps while the log takes nothing; false where the subscription is to stop.
  private func waitForLog() -> Bool {
    guard log.isRefusing else { return true }
    note("the log takes no messages; the broker keeps them until it does")
    set(.waiting)
    while log.isRefusing {
      guard !shared.mustStop else { return false }
      _ = shared.wakeUp.wait(milliseconds: 1000)
    }
    return true
  }

  /// From CONNECT until the connection is lost, the log takes nothing or the subscription is to stop.
  private func followOneConnection() throws {
    let client = try MosquittoClient(broker, version: .v311)
    client.onMessage = { [unowned self] message in self.append(message) }
    // What was read before an error is kept, although the broker will deliver it again.
    defer { appender.flush() }
    try client.connect()
    let deadline = time.monotonicNanoseconds() + Self.connectLimitNanoseconds
    // Everything that was read is on disk and acknowledged at the beginning of each round.
    while !shared.mustStop, !log.isRefusing {
      let ready = DescriptorWait.wait(
        on: client.descriptor, forWriting: client.wantsWrite, or: shared.wakeUp, milliseconds: 500)
      if ready.isReadable { try readPhase(client) }
      // The commit phase: returns when everything that was read is on disk.
      try appender.flushAndWait()
      if client.descriptor >= 0 { try client.write() }
      try client.keepAlive()
      publishStatus()
      try handleEvents(client)
      if status.state == .connecting, time.monotonicNanoseconds() > deadline {
        throw MosquittoError("connect", "no answer within 10 s; look at `host`, `port` and the network")
      }
    }
    client.disconnect()
    try client.write()
  }

  /// Reads until nothing is there, the commit buffer is full, or the phase has had its share.
  private func readPhase(_ client: MosquittoClient) throws(MosquittoError) {
    let first = appender.appendedTickets
    for _ in 0..<Self.messagesPerPhase {
      try client.read()
      guard client.descriptor >= 0, appender.hasRoom, DescriptorWait.isReadable(client.descriptor) else { return }
    }
    // While TLS is being agreed on libmosquitto does not notice that nobody is there any more.
    if appender.appendedTickets == first, DescriptorWait.isHungUp(client.descriptor) {
      throw MosquittoError("read", "the broker closed the connection")
    }
  }

  private func append(_ message: borrowing MosquittoMessage) {
    appender.append(
      topic: message.topic, payload: message.payload, at: Timestamp(milliseconds: time.wallMilliseconds()),
      headers: message.isRetained ? retainedHeaders : headers)
    status.messages += 1
    status.bytes += message.payload.byteCount
  }

  private func handleEvents(_ client: MosquittoClient) throws(MosquittoError) {
    for event in client.takeEvents() {
      switch event {
      case .connected(let reason):
        guard reason == 0 else { throw MosquittoError("connect", client.describe(reason: reason, ofConnect: true)) }
        status.connections += 1
        // Even where the broker still has the session: one that was restarted without persistence has lost it.
        try client.subscribe(configuration.topics, qos: configuration.qos)
      case .subscribed(let granted):
        if granted.contains(where: { $0 >= 128 }) {
          throw MosquittoError(
            "subscribe",
            "the broker refuses a topic of \(configuration.topics.joined(separator: ", ")); look at its access rules")
        }
        if status.state != .subscribed {
          Journal.notice("subscription \(configuration.name): subscribed at \(status.broker)")
        }
        backoff.reset()
        set(.subscribed)
      case .disconnected(let error):
        throw error
      case .acknowledged:
        break
      }
    }
  }

  /// Logs an error that is not the same as the one before, so that an outage is one line.
  private func note(_ error: String) {
    if status.lastError != error || status.state == .subscribed {
      Journal.warning("subscription \(configuration.name): \(error)")
    }
    status.lastError = error
  }

  private func set(_ state: BrokerSubscriptionStatus.State) {
    status.state = state
    publishStatus()
  }

  private func publishStatus() {
    shared.publish(status)
  }
}
