import Platform
import Storage

/// What all ingress threads have in common; made before the first of them. Any thread.
final class IngressCommon: Sendable {
  let configuration: IngressConfiguration
  let log: Log
  let time: any TimeSource
  /// One a thread.
  let wakeUps: [WakeUp]
  /// Nil: there is no MQTT listener.
  let mqtt: MQTTListenerCommon?
  private let ended = Condition(0)

  /// - Parameter retained: the messages that were, when the server last stopped.
  init(
    _ configuration: IngressConfiguration, _ homes: ClientHomes, _ retained: RetainedMessages?, log: Log,
    time: any TimeSource
  ) throws(IngressError) {
    self.configuration = configuration
    self.log = log
    self.time = time
    do throws(SystemError) {
      var wakeUps: [WakeUp] = []
      for _ in 0..<homes.threads { wakeUps.append(try WakeUp()) }
      self.wakeUps = wakeUps
    } catch {
      throw .system(error)
    }
    mqtt =
      if let mqtt = configuration.mqtt, let retained { try MQTTListenerCommon(mqtt, homes, retained, wakeUps) } else {
        nil
      }
  }

  var threads: Int { wakeUps.count }

  /// One thread has written down what it knows, and closed everything it had.
  func noteEnd() {
    ended.withLock { $0 += 1 }
    ended.broadcast()
  }

  /// Sleeps until all threads but the calling one have ended, or for so long.
  func waitForOthers(milliseconds: Int) {
    _ = ended.wait(milliseconds: milliseconds) { [others = threads - 1] in $0 >= others ? () : nil }
  }
}
