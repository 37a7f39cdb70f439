import Glibc
import Platform

/// A client's connection over a line, and the one to the server that belongs to it.
final class LineConnection {
  private let client: FileDescriptor
  private let server: FileDescriptor
  private var up = LineDirection()
  private var down = LineDirection()
  private let number: Int?

  /// Of Ethernet, with timestamps in TCP's header.
  private static let packetBytes: CInt = 1448

  /// - Parameter number: of its recording.
  init(_ client: consuming FileDescriptor, server port: UInt16, number: Int?) throws {
    self.client = client
    self.number = number
    server = try OutgoingSocket.stream(to: "127.0.0.1:\(port)", timeoutSeconds: 1)
    try server.setNonBlocking()
    var on: CInt = 1
    setsockopt(server.raw, CInt(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<CInt>.size))
  }

  static func limitPackets(of listener: CInt) {
    var bytes = packetBytes
    setsockopt(listener, CInt(IPPROTO_TCP), TCP_MAXSEG, &bytes, socklen_t(MemoryLayout<CInt>.size))
  }

  /// - Parameter tokens: the client's; the server's is the next.
  func register(_ poller: borrowing Poller, tokens: UInt64) throws {
    try poller.add(client.raw, .readable, token: tokens)
    try poller.add(server.raw, .readable, token: tokens + 1)
  }

  /// Moves what can be moved.
  /// - Returns: false when one of both ends has closed.
  func move(_ traffic: LineTraffic) -> Bool {
    let number = number
    guard up.move(from: client, to: server, { traffic.record($0, number) }) else { return false }
    return down.move(from: server, to: client) { _ in }
  }

  /// Waits for what is needed next.
  func watch(_ poller: borrowing Poller, tokens: UInt64) throws {
    try poller.modify(client.raw, Self.interest(reads: up, writes: down), token: tokens)
    try poller.modify(server.raw, Self.interest(reads: down, writes: up), token: tokens + 1)
  }

  private static func interest(reads: borrowing LineDirection, writes: borrowing LineDirection) -> Poller.Interest {
    var interest: Poller.Interest = []
    if !reads.isFull { interest.insert(.readable) }
    if writes.isFull { interest.insert(.writable) }
    return interest
  }

  var count: LineCount {
    LineCount(sentBytes: up.bytes, receivedBytes: down.bytes, packets: Self.packets(of: client.raw))
  }

  /// Segments sent and received: tcpi_segs_out and tcpi_segs_in of struct tcp_info (linux/tcp.h), which glibc's does not have.
  private static func packets(of socket: CInt) -> Int {
    var information = [UInt32](repeating: 0, count: 64)
    var length = socklen_t(information.count * 4)
    guard getsockopt(socket, CInt(IPPROTO_TCP), TCP_INFO, &information, &length) == 0, length >= 144 else { return 0 }
    return Int(information[34]) + Int(information[35])
  }
}

/// Bytes on their way from one end to the other.
struct LineDirection: ~Copyable {
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
  /// What was read and could not be sent.
  private var pending = 0..<0
  private(set) var bytes = 0

  deinit {
    buffer.deallocate()
  }

  /// Nothing is read until the far end has taken what there is.
  var isFull: Bool { !pending.isEmpty }

  mutating func move(
    from source: borrowing FileDescriptor, to target: borrowing FileDescriptor,
    _ observe: (UnsafeRawBufferPointer) -> Void
  ) -> Bool {
    // Not without end: there are others.
    for _ in 0..<16 {
      if pending.isEmpty {
        switch source.read(into: buffer) {
        case .moved(let count):
          pending = 0..<count
          bytes += count
          observe(UnsafeRawBufferPointer(rebasing: buffer[pending]))
        case .wouldBlock: return true
        case .endOfStream, .failed: return false
        }
      }
      switch target.send(UnsafeRawBufferPointer(rebasing: buffer[pending]).bytes) {
      case .moved(let count): pending.removeFirst(count)
      case .wouldBlock: return true
      case .endOfStream, .failed: return false
      }
    }
    return true
  }
}
