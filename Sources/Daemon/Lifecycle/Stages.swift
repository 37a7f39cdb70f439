import Console
import Ingress
import Platform
import Routing
import Storage
import Synchronization
import Uplink
import Wire

/// The running stages, started in the order in which they depend on one another and stopped in the opposite one.
final class Stages: Sendable {
  let configuration: Configuration
  let log: Log
  let routes: [Route]
  let uplinks: [Uplink]
  let subscriptions: [BrokerSubscription]
  let ingress: Ingress
  let startedAt: Int64
  let startedMonotonic: Int64
  let history = StatusHistory()
  let oldestTimes = OldestRecordTimes()
  private let console = Mutex<Console?>(nil)
  /// What stands still; nil: all is well.
  private let stall = Mutex<String?>(nil)

  /// Everything is listening when it returns; when it throws, everything has been stopped again.
  /// - Parameter activated: sockets that are listening already; those that are configured are taken out of it.
  static func start(
    _ configuration: Configuration, activated: inout ActivatedSockets, time: any TimeSource
  ) throws -> Stages {
    var started: [() -> Void] = []
    do {
      let log = try openLog(configuration, time)
      started.append { log.close() }
      for line in log.recoveryReport { Journal.notice(line) }
      // Those who take messages first, then those who bring them.
      let routes = try configuration.routes.map { route in
        let running = try Route.start(route, log: log, time: time)
        started.append { running.stop() }
        return running
      }
      let uplinks = try configuration.uplinks.map { uplink in
        let running = try Uplink.start(uplink, gateway: configuration.gateway, log: log, time: time)
        started.append { running.stop() }
        return running
      }
      let subscriptions = try configuration.subscriptions.map { broker in
        let running = try BrokerSubscription.start(broker, gateway: configuration.gateway, log: log)
        started.append { running.stop() }
        return running
      }
      let ingress = try Ingress.start(configuration.ingress, log: log, time: time, activated: &activated)
      started.append { ingress.stop() }
      let stages = Stages(configuration, log, routes, uplinks, subscriptions, ingress, time)
      try stages.startConsole(time)
      return stages
    } catch {
      for stop in started.reversed() { stop() }
      throw error
    }
  }

  private static func openLog(_ configuration: Configuration, _ time: any TimeSource) throws -> Log {
    var log = configuration.log
    if configuration.uplinks.contains(where: \.wantsIdentifiedBatches) { log.identifiedGateway = configuration.gateway }
    do throws(StorageError) {
      return try Log.open(log, time: time)
    } catch {
      guard case .disk = error else { throw error }
      throw StartError.dataDirectory(configuration.data, error)
    }
  }

  private init(
    _ configuration: Configuration, _ log: Log, _ routes: [Route], _ uplinks: [Uplink],
    _ subscriptions: [BrokerSubscription], _ ingress: Ingress, _ time: any TimeSource
  ) {
    self.configuration = configuration
    self.log = log
    self.routes = routes
    self.uplinks = uplinks
    self.subscriptions = subscriptions
    self.ingress = ingress
    startedAt = time.wallMilliseconds()
    startedMonotonic = time.monotonicNanoseconds()
  }

  private func startConsole(_ time: any TimeSource) throws {
    let started = try Console.start(configuration.console, time: time) { [self] in answer($0, isLocal: $1, time) }
    console.withLock { $0 = started }
  }

  /// Stops what brings messages first, the log last: everything accepted is committed.
  func stop() {
    log.endWaiting()
    ingress.stop()
    Self.concurrently(subscriptions) { $0.stop() }
    Self.concurrently(uplinks) { $0.stop() }
    Self.concurrently(routes) { $0.stop() }
    console.withLock { $0 }?.stop()
    log.close()
  }

  /// Each may take seconds for its child or its far side; together they take as long as the slowest.
  private static func concurrently<Stage: Sendable>(_ stages: [Stage], _ stop: @escaping @Sendable (Stage) -> Void) {
    let remaining = Condition(stages.count)
    for stage in stages {
      _ = NamedThread.start("stop") {
        stop(stage)
        remaining.withLock { $0 -= 1 }
        remaining.signal()
      }
    }
    remaining.wait { $0 == 0 ? () : nil }
  }

  var consoleAddress: String? { console.withLock { $0?.listenAddress } }

  /// What the watchdog looks at.
  var counters: ProgressWatch.Counters {
    let status = ingress.status
    let messages = status.udp.reduce(status.mqtt.messages) { $0 + $1.messages }
    let metrics = log.metrics
    return ProgressWatch.Counters(
      turns: status.turns, messages: messages, commits: metrics.commits, waitsForRoom: metrics.waitsForRoom)
  }

  func setStall(_ reason: String?) {
    stall.withLock { $0 = reason }
  }

  /// Why the daemon is not well; nil: it is.
  var ailment: String? {
    if let failure = log.failure { return failure.description }
    if let refusal = log.refusal { return refusal.description }
    return stall.withLock { $0 }
  }
}
