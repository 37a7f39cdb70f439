import Mosquitto
import Platform
package import Storage
import Synchronization

/// One broker subscription on a thread of its own. Any thread may ask and stop it.
package final class BrokerSubscription: Sendable {
  private let shared: Shared
  private let thread: Mutex<NamedThread?>

  /// What the handle and the thread share.
  final class Shared: Sendable {
    let wakeUp: WakeUp
    private let isStopping = Atomic(false)
    private let published: Mutex<BrokerSubscriptionStatus>

    init(_ status: BrokerSubscriptionStatus) throws(SystemError) {
      wakeUp = try WakeUp()
      published = Mutex(status)
    }

    var mustStop: Bool { isStopping.load(ordering: .acquiring) }

    func stop() {
      isStopping.store(true, ordering: .releasing)
      wakeUp.signal()
    }

    var status: BrokerSubscriptionStatus { published.withLock { $0 } }

    func publish(_ status: BrokerSubscriptionStatus) {
      published.withLock { $0 = status }
    }
  }

  /// Begins to subscribe; the broker need not be there yet. Throws where the configuration can never work.
  package static func start(
    _ configuration: BrokerSubscriptionConfiguration, gateway: String, log: Log
  ) throws(IngressError) -> BrokerSubscription {
    var broker = MosquittoConfiguration(
      host: configuration.host, clientID: configuration.clientID ?? "forebay-\(gateway)-\(configuration.name)")
    broker.port = configuration.port
    broker.user = configuration.user
    broker.password = configuration.password
    broker.tls = configuration.tls
    broker.keepAliveSeconds = configuration.keepAliveSeconds
    broker.cleanSession = false
    do throws(MosquittoError) {
      // Certificates that cannot be used are an error now, not at three in the morning.
      _ = try MosquittoClient(broker, version: .v311)
    } catch {
      throw .cannotSubscribe(name: configuration.name, reason: error.description)
    }
    var status = BrokerSubscriptionStatus()
    status.name = configuration.name
    status.broker = "\(configuration.host):\(configuration.port)"
    let shared: Shared
    do throws(SystemError) { shared = try Shared(status) } catch { throw .system(error) }
    let loop = SubscriptionLoop(configuration, broker, shared: shared, log: log)
    return BrokerSubscription(shared, NamedThread.start("sub \(configuration.name)") { loop.run() })
  }

  private init(_ shared: Shared, _ thread: consuming NamedThread) {
    self.shared = shared
    self.thread = Mutex(thread)
  }

  package var status: BrokerSubscriptionStatus { shared.status }

  /// Disconnects and waits for the thread. What the broker has not been acknowledged it delivers again.
  package func stop() {
    shared.stop()
    if let running = thread.withLock({ $0.take() }) { running.join() }
  }
}
