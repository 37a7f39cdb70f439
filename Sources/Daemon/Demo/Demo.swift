package import Platform
import Records
import Synchronization

/// `--demo`: devices that really connect to the daemon's own listeners and send what real families send.
package final class Demo: Sendable {
  private let isStopping = Atomic(false)
  private let wakeUp: WakeUp
  private let thread = Mutex<NamedThread?>(nil)

  /// - Parameters:
  ///   - addresses: where the daemon listens.
  ///   - seed: the same seed sends the same values.
  package static func start(
    _ addresses: RunningAddresses, seed: UInt64 = 1, time: any TimeSource = SystemTime()
  ) throws -> Demo {
    let demo = Demo(wakeUp: try WakeUp())
    let mqtt = addresses.mqtt.first.map(reachable)
    let udp = addresses.udp.first.map(reachable)
    let isStopping: @Sendable () -> Bool = { demo.isStopping.load(ordering: .acquiring) }
    let wakeUp = demo.wakeUp
    let run: @Sendable () -> Void = {
      var plant = DemoPlant(mqtt: mqtt, udp: udp, seed: seed)
      var second = 0
      while !isStopping() {
        plant.step(second: second, at: Timestamp(milliseconds: time.wallMilliseconds()))
        second += 1
        _ = wakeUp.wait(milliseconds: 1000)
      }
    }
    demo.thread.withLock { $0 = NamedThread.start("demo", run) }
    return demo
  }

  private init(wakeUp: WakeUp) {
    self.wakeUp = wakeUp
  }

  package func stop() {
    isStopping.store(true, ordering: .sequentiallyConsistent)
    wakeUp.signal()
    thread.withLock { $0.take() }?.join()
  }

  /// `0.0.0.0:1883` is no address to connect to: this machine's own in its place.
  package static func reachable(_ address: String) -> String {
    if address.hasPrefix("0.0.0.0:") { return "127.0.0.1:" + address.dropFirst(8) }
    if address.hasPrefix("[::]:") { return "[::1]:" + address.dropFirst(5) }
    return address
  }
}
