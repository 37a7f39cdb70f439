import Glibc
import Platform

/// A device that sends datagrams at a rate, and what the kernel says of the socket they go to.
final class DatagramLoad {
  private let socket: FileDescriptor
  private let port: UInt16
  /// Many datagrams for one call: the kernel cuts them apart (UDP_SEGMENT, udp(7)).
  private let payload: [UInt8]

  private static let datagramBytes = 100
  private static let maxBurst = 64
  private static let segmentOption: CInt = 103

  init(port: UInt16) throws {
    self.port = port
    socket = try OutgoingSocket.datagram(to: "127.0.0.1:\(port)")
    var bytes = CInt(Self.datagramBytes)
    guard setsockopt(socket.raw, CInt(IPPROTO_UDP), Self.segmentOption, &bytes, socklen_t(MemoryLayout<CInt>.size)) == 0
    else { throw SystemError("setsockopt", "UDP_SEGMENT") }
    payload = ClientPackets.payload(Self.datagramBytes * Self.maxBurst, seed: 1)
  }

  /// Sends `rate` datagrams a second for `seconds`.
  /// - Returns: how many a second were sent, which is less where the sender itself is too slow, and how many of them were
  ///   dropped.
  func send(rate: Double, seconds: Double) throws -> (perSecond: Double, dropped: Int) {
    // Bursts as short as a thread can be woken for.
    let burst = min(max(Int(rate / 5000), 1), Self.maxBurst)
    let before = try status().dropped
    let watch = Stopwatch()
    var sent = 0
    while watch.seconds < seconds {
      try Interruption.check()
      guard Double(sent) <= rate * watch.seconds else {
        var pause = timespec(tv_sec: 0, tv_nsec: 20_000)
        nanosleep(&pause, nil)
        continue
      }
      let payload = payload
      let result = socket.send(payload.span.bytes.extracting(first: burst * Self.datagramBytes))
      if case .failed(let code) = result, code != ENOBUFS { throw SystemError("send", "udp", errno: code) }
      if case .moved = result { sent += burst }
    }
    let perSecond = Double(sent) / watch.seconds
    return (perSecond, try statusWhenEmpty().dropped - before)
  }

  /// Once the server has taken what there is, or cannot within a second.
  private func statusWhenEmpty() throws -> (queued: Int, dropped: Int) {
    let watch = Stopwatch()
    while true {
      let status = try status()
      if status.queued == 0 || watch.seconds > 1 { return status }
      SystemTime().sleep(milliseconds: 5)
    }
  }

  /// Bytes that wait in the receiving socket, and datagrams it has dropped so far (/proc/net/udp, proc(5)).
  private func status() throws -> (queued: Int, dropped: Int) {
    let end = ":" + String(port, radix: 16, uppercase: true).leftPadded(to: 4)
    let table = String(decoding: try FileSystem.read("/proc/net/udp"), as: UTF8.self)
    for line in table.split(separator: "\n").dropFirst() {
      let fields = line.split(separator: " ")
      guard fields.count > 12, fields[1].hasSuffix(end), let dropped = fields.last.flatMap({ Int($0) }),
        let queued = fields[4].split(separator: ":").last.flatMap({ Int($0, radix: 16) })
      else { continue }
      return (queued, dropped)
    }
    throw BenchmarkError.cannotMeasure("nobody listens at UDP port \(port)")
  }
}

extension String {
  fileprivate func leftPadded(to width: Int) -> String {
    String(repeating: "0", count: Swift.max(0, width - count)) + self
  }
}
