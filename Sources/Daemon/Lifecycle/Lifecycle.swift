import Ingress
package import Platform
import Storage
import Uplink

/// `forebay run`: from the start of the stages to their end, on the main thread.
package struct Lifecycle {
  private let configuration: Configuration
  /// The configuration file, read again on SIGHUP; nil: there is none.
  private let file: String?
  private let dataOption: String?
  private let manager: ServiceManager
  private let signals: SignalSource
  private let time: any TimeSource

  /// Below the unit's TimeoutStopSec, and short enough for somebody at a terminal.
  static let stopLimitMilliseconds = 20_000
  /// A network that comes back tells several things at once; the uplinks hear of it at most so often.
  static let newsIntervalMilliseconds: Int64 = 200
  /// How long a stage may stand still before the daemon calls itself stuck; the unit's WatchdogSec is longer.
  static let stallLimitMilliseconds: Int64 = 20_000

  /// Call it on the main thread, before any other thread is started.
  /// - Parameters:
  ///   - file: where `configuration` was read from; nil: nowhere.
  ///   - data: what --data said, for when the file is read again.
  package init(
    _ configuration: Configuration, file: String?, data: String?, time: any TimeSource = SystemTime()
  ) throws {
    self.configuration = configuration
    self.file = file
    dataOption = data
    self.time = time
    manager = ServiceManager.fromEnvironment()
    CurrentProcess.ignoreClosedPipes()
    signals = try SignalSource()
  }

  /// Runs until a signal or the log's failure ends it.
  /// - Parameters:
  ///   - withDemo: whether demonstration devices connect.
  ///   - whenReady: called once everything is listening.
  package func run(withDemo: Bool = false, whenReady: (RunningAddresses) -> Void = { _ in }) throws -> ExitCode {
    var activated = manager.takeListeningSockets()
    for problem in activated.problems { Journal.warning(problem) }
    let failure = try WakeUp()
    let stages = try Stages.start(configuration, activated: &activated, time: time)
    for entry in activated.entries {
      Journal.warning(
        "\(entry.name): systemd listens on \(entry.address) for us, which `mqtt.listen` does not have; add it there, or remove "
          + "it from the socket unit")
    }
    stages.log.onFailure(failure)
    let addresses = RunningAddresses(stages)
    announce(addresses)
    let demo = withDemo ? try Demo.start(addresses, time: time) : nil
    whenReady(addresses)
    try wait(stages, failure)
    endIfFailed(stages)
    stop(stages, demo)
    endIfFailed(stages)
    return .success
  }

  /// A log that has failed acknowledges nothing any more, and nobody can wait for it: the process ends as it stands.
  private func endIfFailed(_ stages: Stages) {
    guard let error = stages.log.failure else { return }
    Journal.error("\(error)")
    manager.stopping("the log has failed")
    CurrentProcess.exitNow(ExitCode.inputOutput.rawValue)
  }

  private func announce(_ addresses: RunningAddresses) {
    Journal.notice("version \(Version.current) is ready as \(configuration.gateway): \(addresses.summary)")
    if let mqtt = configuration.ingress.mqtt, mqtt.users == nil, !mqtt.anonymous,
      !addresses.mqtt.allSatisfy(RunningAddresses.isLoopback)
    {
      Journal.notice(
        "MQTT clients are taken from this machine only; `mqtt.users` lets others in with a password, `mqtt.anonymous` without"
      )
    }
    manager.ready(addresses.summary)
  }

  /// Sleeps until it is time to stop.
  private func wait(_ stages: Stages, _ failure: WakeUp) throws {
    let poller = try Poller(capacity: 4)
    let network = watchNetwork(poller)
    var (hasNews, lastNews) = (false, milliseconds)
    try poller.add(signals.descriptor, .readable, token: 0)
    try poller.add(failure.descriptor, .readable, token: 1)
    var watch = ProgressWatch(limitMilliseconds: Self.stallLimitMilliseconds)
    let interval = min(manager.watchdogMilliseconds.map { $0 / 3 } ?? 1000, 1000)
    sample(stages)
    while stages.log.failure == nil {
      _ = try poller.wait(milliseconds: hasNews ? Int(Self.newsIntervalMilliseconds) : interval)
      while let (signal, sender) = signals.next() {
        switch signal {
        case .hangUp: reload(stages)
        case .terminate, .interrupt:
          Journal.notice("stopping, as \(signal.name) asks\(sender > 0 ? " (from process \(sender))" : "")")
          return
        }
      }
      if network?.takeNews() == true { hasNews = true }
      if hasNews, milliseconds - lastNews >= Self.newsIntervalMilliseconds {
        (hasNews, lastNews) = (false, milliseconds)
        for uplink in stages.uplinks { uplink.retry() }
      }
      look(at: stages, &watch)
    }
  }

  /// Nil where the system does not tell: uplinks try again in their own time.
  private func watchNetwork(_ poller: borrowing Poller) -> NetworkWatch? {
    do throws(SystemError) {
      let network = try NetworkWatch()
      try poller.add(network.descriptor, .readable, token: 2)
      return network
    } catch {
      Journal.warning("changes of the network are not seen: \(error)")
      return nil
    }
  }

  private func look(at stages: Stages, _ watch: inout ProgressWatch) {
    sample(stages)
    guard let stall = watch.observe(stages.counters, now: milliseconds) else {
      stages.setStall(nil)
      manager.keepAlive()
      return
    }
    let reason = "\(stall.rawValue) for more than \(Self.stallLimitMilliseconds / 1000) s"
    if stages.ailment == nil { Journal.error("\(reason); the watchdog is not fed any more") }
    stages.setStall(reason)
  }

  private func sample(_ stages: Stages) {
    stages.history.record(now: time.monotonicNanoseconds()) { StatusSample(stages, at: $0) }
  }

  private var milliseconds: Int64 { time.monotonicNanoseconds() / 1_000_000 }

  /// Reads the users file again, and the configuration to say what of it needs a restart.
  private func reload(_ stages: Stages) {
    manager.reloading()
    rereadUsers(stages.ingress)
    checkConfiguration()
    manager.ready(RunningAddresses.unchanged)
  }

  private func rereadUsers(_ ingress: Ingress) {
    do throws(AccountsError) {
      guard let count = try ingress.rereadUsers() else { return }
      Journal.notice("SIGHUP: \(count == 1 ? "1 user" : "\(count) users") in the users file from now on")
    } catch {
      for line in error.description.split(separator: "\n") { Journal.error(String(line)) }
      Journal.error("SIGHUP: the users file is refused as a whole; users stay as they were")
    }
  }

  private func checkConfiguration() {
    guard let file else {
      Journal.notice("SIGHUP: there is no configuration file to read again")
      return
    }
    do {
      let new = try Configuration.load(file, data: dataOption)
      let changed = new.sectionsThatDiffer(from: configuration)
      if changed.isEmpty {
        Journal.notice("SIGHUP: \(file) is in order, and nothing in it has changed")
      } else {
        Journal.warning(
          "SIGHUP: \(file) is in order; restart to apply what has changed in \(changed.joined(separator: ", "))")
      }
    } catch {
      for line in error.description.split(separator: "\n") { Journal.error(String(line)) }
      Journal.error("SIGHUP: \(file) is refused as a whole; what runs goes on as it was")
    }
  }

  /// Stops the stages in order, within the limit; at once on a second signal.
  private func stop(_ stages: Stages, _ demo: Demo?) {
    manager.stopping("handing over what was accepted")
    let signals = signals
    let watch: @Sendable () -> Void = {
      let second = signals.wait(milliseconds: Self.stopLimitMilliseconds)
      // What was acknowledged is on disk whichever way this ends.
      Journal.warning(second == nil ? "the stages did not stop in time; ending at once" : "ending at once")
      CurrentProcess.exitNow(ExitCode.negative.rawValue)
    }
    // Not joined: it ends with the process.
    _ = NamedThread.start("stop limit", watch)
    demo?.stop()
    stages.stop()
    if stages.log.failure == nil { Journal.notice("stopped") }
  }
}
