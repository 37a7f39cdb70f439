import Glibc
import Mosquitto
import Platform
import Storage
import Support
import Synchronization
import Testing
import Uplink

/// A broker that is gone before TLS is agreed on, which libmosquitto does not notice.
@Suite(.timeLimit(.minutes(1))) struct MQTTLostPeerTests {
  /// Takes connections and drops them at once, without a word.
  private final class Dropper: Sendable {
    let port: Int
    let connections = Atomic(0)
    private let listener: Int32
    private let thread = Mutex<NamedThread?>(nil)

    init() throws {
      port = freePort()
      listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      var name = sockaddr_in()
      name.sin_family = sa_family_t(AF_INET)
      name.sin_addr.s_addr = inet_addr("127.0.0.1")
      name.sin_port = UInt16(port).bigEndian
      let listener = self.listener
      let isBound = withUnsafePointer(to: &name) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          bind(listener, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0 && listen(listener, 8) == 0
        }
      }
      guard isBound else { throw TestFailure("no socket") }
      thread.withLock { thread in
        thread = NamedThread.start("dropper") { [self] in
          while true {
            let client = accept(listener, nil, nil)
            guard client >= 0 else { return }
            connections.add(1, ordering: .relaxed)
            var now = linger(l_onoff: 1, l_linger: 0)
            setsockopt(client, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
            close(client)
          }
        }
      }
    }

    func stop() {
      shutdown(listener, Int32(SHUT_RDWR))
      if let running = thread.withLock({ $0.take() }) { running.join() }
      close(listener)
    }
  }

  @Test func `a broker that drops the connection is tried again, and the uplink can be stopped`() throws {
    let directory = TemporaryDirectory()
    let dropper = try Dropper()
    let log = try Log.open(LogConfiguration(directory: directory.path))
    var mqtt = MQTTTargetConfiguration(host: "127.0.0.1")
    mqtt.port = dropper.port
    mqtt.tls = TLSConfiguration()
    let uplink = try Uplink.start(
      UplinkConfiguration(name: "u", target: .mqtt(mqtt)), gateway: "g", log: log,
      backoff: Backoff(firstMilliseconds: 20, longestMilliseconds: 100))
    try waitUntil(seconds: 20, "ten tries; \(uplink.status)") {
      dropper.connections.load(ordering: .relaxed) >= 10
    }
    #expect(uplink.status.lastError != nil)
    uplink.stop()
    dropper.stop()
    log.close()
  }
}
