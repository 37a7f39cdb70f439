import Mosquitto
package import Platform
import Records
package import Storage
import Synchronization

/// One uplink on a thread of its own. Any thread may ask and stop it.
package final class Uplink: Sendable {
  private let shared: Shared
  private let thread: Mutex<NamedThread?>

  /// What the handle and the thread share.
  package final class Shared: Sendable {
    package let wakeUp: WakeUp
    private let isStopping = Atomic(false)
    private let published: Mutex<UplinkStatus>
    private let orders = Mutex(Orders())

    /// What somebody has asked for, and the loop has not done yet.
    package struct Orders: Sendable {
      package var isPaused = false
      package var retriesAtOnce = false
    }

    package init(_ status: UplinkStatus) throws(SystemError) {
      wakeUp = try WakeUp()
      published = Mutex(status)
    }

    var mustStop: Bool { isStopping.load(ordering: .acquiring) }

    func stop() {
      isStopping.store(true, ordering: .releasing)
      wakeUp.signal()
    }

    func takeOrders() -> Orders {
      orders.withLock { orders in
        defer { orders.retriesAtOnce = false }
        return orders
      }
    }

    package func order(_ change: (inout Orders) -> Void) {
      orders.withLock { change(&$0) }
      wakeUp.signal()
    }

    package var status: UplinkStatus { published.withLock { $0 } }

    func publish(_ status: UplinkStatus) {
      published.withLock { $0 = status }
    }
  }

  /// Starts to forward; the far side need not be there. Throws where the configuration can never work.
  package static func start(
    _ configuration: UplinkConfiguration, gateway: String, log: Log, time: any TimeSource = SystemTime(),
    backoff: Backoff = Backoff()
  ) throws(UplinkError) -> Uplink {
    let filters = try parseFilters(configuration)
    let (target, description) = try makeTarget(
      configuration, TargetContext(configuration, RecordIdentity(gateway: gateway, epoch: log.epoch), time))
    var status = UplinkStatus()
    status.name = configuration.name
    status.target = description
    let shared: Shared
    do throws(SystemError) { shared = try Shared(status) } catch { throw .system(error) }
    let loop: UplinkLoop
    do throws(StorageError) {
      let cursor = try log.openCursor("uplink/\(configuration.name)")
      loop = UplinkLoop(
        configuration, filters: filters, target: target, shared: shared, log: log, cursor: cursor, time: time,
        backoff: backoff)
    } catch {
      throw .storage(uplink: configuration.name, error)
    }
    return Uplink(shared, NamedThread.start("up \(configuration.name)") { loop.run() })
  }

  private static func makeTarget(
    _ configuration: UplinkConfiguration, _ context: TargetContext
  ) throws(UplinkError) -> (any UplinkTarget, description: String) {
    switch configuration.target {
    case .mqtt(let mqtt):
      do throws(MosquittoError) {
        return (try MQTTTarget(mqtt, context), "mqtt \(mqtt.host):\(mqtt.port)")
      } catch {
        throw .badTarget(uplink: configuration.name, reason: error.description)
      }
    case .kafka(let kafka):
      do throws(SystemError) {
        return (
          try KafkaTarget(kafka, context), "kafka \(kafka.topic) at \(kafka.brokers.joined(separator: ", "))"
        )
      } catch {
        throw .system(error)
      }
    case .rabbitMQ(let rabbitMQ):
      do throws(TargetFailure) {
        return (
          try RabbitMQTarget(rabbitMQ, context),
          "rabbitmq \(rabbitMQ.destination) at \(rabbitMQ.hosts.joined(separator: ", "))"
        )
      } catch {
        throw .badTarget(uplink: configuration.name, reason: error.description)
      }
    }
  }

  private static func parseFilters(_ configuration: UplinkConfiguration) throws(UplinkError) -> [TopicFilter] {
    var filters: [TopicFilter] = []
    for topic in configuration.topics {
      do throws(TopicProblem) {
        filters.append(try TopicFilter(topic))
      } catch {
        throw .badTopic(topic, uplink: configuration.name, reason: error.description)
      }
    }
    return filters
  }

  private init(_ shared: Shared, _ thread: consuming NamedThread) {
    self.shared = shared
    self.thread = Mutex(thread)
  }

  package var status: UplinkStatus { shared.status }

  /// Does not wait any longer before the next try: the network is back, or somebody has put right what was wrong.
  package func retry() { shared.order { $0.retriesAtOnce = true } }

  /// Disconnects and stays so until `resume`, or the next start.
  package func pause() { shared.order { $0.isPaused = true } }

  package func resume() { shared.order { $0.isPaused = false } }

  /// Disconnects and waits for the thread. A shipment that is on its way is sent again at the next start.
  package func stop() {
    shared.stop()
    if let running = thread.withLock({ $0.take() }) { running.join() }
  }
}

/// What identifies a record anywhere, with its offset: so that a consumer can always recognise a duplicate.
package struct RecordIdentity: Hashable, Sendable {
  package let gateway: String
  package let epoch: LogEpoch

  package init(gateway: String, epoch: LogEpoch) {
    self.gateway = gateway
    self.epoch = epoch
  }
}
