import Platform
import Synchronization

/// A line to a server, which counts what goes over it: a proxy on a loopback port, on a thread of its own. Down when the last
/// reference goes.
final class Line {
  let port: UInt16
  private let shared: LineTraffic
  private let wakeUp: WakeUp
  private var thread: NamedThread?

  /// - Parameters:
  ///   - server: the server's port; it need not be there yet.
  ///   - records: whether what clients send is kept, for `recording`.
  init(to server: UInt16, records: Bool = false) throws {
    let listener = try ListeningSocket(FreePort.loopback())
    port = listener.address.port
    // As on a line of Ethernet: packets are not larger than there.
    LineConnection.limitPackets(of: listener.descriptor)
    let shared = LineTraffic(records: records)
    let wakeUp = try WakeUp()
    self.shared = shared
    self.wakeUp = wakeUp
    let loop = try LineLoop(listener, server: server, shared, wakeUp)
    thread = NamedThread.start("line") { loop.run() }
  }

  deinit {
    shared.mustStop.store(true, ordering: .releasing)
    wakeUp.signal()
    thread.take()?.join()
  }

  /// What has gone over it so far.
  var count: LineCount { shared.count.withLock { $0 } }

  /// Everything that clients have sent, one connection's behind the other's.
  var recording: [[UInt8]] { shared.recordings.withLock { $0 } }
}

/// What has gone over a line, in both directions.
struct LineCount: Sendable {
  /// From the client, and to it.
  var sentBytes = 0
  var receivedBytes = 0
  /// Of TCP, acknowledgements included.
  var packets = 0

  /// With the headers of IPv4 and TCP (with timestamps): what a line of Ethernet or a modem carries, without their own.
  var wireBytes: Int { sentBytes + receivedBytes + 52 * packets }

  static func - (one: LineCount, other: LineCount) -> LineCount {
    LineCount(
      sentBytes: one.sentBytes - other.sentBytes, receivedBytes: one.receivedBytes - other.receivedBytes,
      packets: one.packets - other.packets)
  }
}

/// What a line and its thread share.
final class LineTraffic: Sendable {
  let mustStop = Atomic(false)
  let count = Mutex(LineCount())
  let recordings = Mutex<[[UInt8]]>([])
  let records: Bool

  init(records: Bool) {
    self.records = records
  }
}
