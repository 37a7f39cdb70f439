import Platform
import Synchronization

/// What the MQTT listeners of all ingress threads have in common: the limits that hold over all of them, retained messages,
/// passwords, and the way from one to another. Touched once a connection, a subscription, a retained message or a turn, and
/// never once a message. Any thread.
final class MQTTListenerCommon: Sendable {
  let configuration: MQTTListenerConfiguration
  let homes: ClientHomes
  /// One a thread.
  let inboxes: [HandoverInbox]
  let admissions: Admissions
  let retained: RetainedStore
  let parts: StateParts
  /// Nil: there are no accounts.
  let passwords: PasswordCheck?

  /// Sessions without a connection.
  let sessions = Atomic(0)
  /// Bytes of packets that have come in part.
  let partialBytes = Atomic(0)
  /// Bytes that wait for clients to take them, as of each thread's last turn.
  let queuedBytes = Atomic(0)

  private let complaints = Mutex(RateLimit(burst: 20, everyMilliseconds: 1000))

  /// - Parameters:
  ///   - retained: from the last life of the server.
  ///   - wakeUps: one a thread.
  init(
    _ configuration: MQTTListenerConfiguration, _ homes: ClientHomes, _ retained: RetainedMessages, _ wakeUps: [WakeUp]
  ) throws(IngressError) {
    self.configuration = configuration
    self.homes = homes
    inboxes = wakeUps.map { HandoverInbox($0) }
    admissions = Admissions(
      maxConnections: configuration.maxConnections, maxPerAddress: configuration.maxConnectionsPerAddress)
    self.retained = RetainedStore(retained, producers: wakeUps.count)
    parts = StateParts(threads: wakeUps.count)
    passwords = try Self.startPasswordCheck(configuration, wakeUps)
  }

  var threads: Int { inboxes.count }

  private static func startPasswordCheck(
    _ configuration: MQTTListenerConfiguration, _ wakeUps: [WakeUp]
  ) throws(IngressError) -> PasswordCheck? {
    guard let path = configuration.users else { return nil }
    do throws(AccountsError) {
      return PasswordCheck(try AccountsFile(path).read(), wakeUps: wakeUps)
    } catch {
      throw .badUsers(error)
    }
  }

  /// Says what a client did wrong, unless there is too much to say.
  func complain(_ text: () -> String, _ now: Int64) {
    let suppressed = complaints.withLock { $0.permits(at: now) ? $0.takeSuppressed() : nil }
    guard let suppressed else { return }
    let more = suppressed > 0 ? " (\(suppressed) such lines before it were left out)" : ""
    Journal.warning("mqtt: \(text())\(more)")
  }
}
