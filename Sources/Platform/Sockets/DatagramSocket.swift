import CLinux
import Glibc

/// A UDP socket that many datagrams are received from with one call. One owner, one thread.
package struct DatagramSocket: ~Copyable, @unchecked Sendable {
  // Unchecked: the slots are reachable only through this one non-copyable owner.
  private let socket: FileDescriptor
  private let slots: OpaquePointer
  /// As bound: with the port the kernel chose where port 0 was asked for.
  package let address: SocketAddress
  /// Datagrams that the last `receive` got.
  package private(set) var count = 0
  private var lastDrops: UInt32 = 0

  /// - Parameters:
  ///   - maxDatagramBytes: of longer datagrams only so much is kept, and `isTruncated` tells.
  ///   - receiveBufferBytes: asked of the kernel, which may give less.
  ///   - slots: the most datagrams one `receive` gets.
  package init(
    _ address: SocketAddress, maxDatagramBytes: Int, receiveBufferBytes: Int, slots: Int = 64
  ) throws(SystemError) {
    let bound = try Socket.makeBound(to: address, SOCK_DGRAM)
    let raw = bound.raw
    _ = try retryingInterrupts("setsockopt") { linux_enable_drop_counter(raw) }
    _ = try retryingInterrupts("setsockopt") { linux_set_receive_buffer(raw, CInt(clamping: receiveBufferBytes)) }
    self.address = try SocketAddress.bound(to: raw)
    socket = bound
    self.slots = linux_datagram_slots_create(UInt32(slots), maxDatagramBytes)
  }

  deinit {
    linux_datagram_slots_destroy(slots)
  }

  /// For a poller: readable while datagrams wait.
  package var descriptor: CInt { socket.raw }

  /// Receives as many datagrams as wait and as there are slots, without waiting; what was received before is overwritten.
  /// - Returns: how many.
  package mutating func receive() throws(SystemError) -> Int {
    count = 0
    while true {
      let received = linux_datagram_slots_receive(slots, socket.raw)
      if received >= 0 {
        count = Int(received)
        return count
      }
      let code = errno
      if code == EINTR { continue }
      if code == EAGAIN { return 0 }
      precondition(code != EBADF && code != EFAULT && code != EINVAL, "recvmmsg: programmer error")
      throw SystemError("recvmmsg", "\(address)", errno: code)
    }
  }

  /// One datagram of the last `receive`, in place until the next.
  @_lifetime(borrow self)
  package func datagram(at index: Int) -> RawSpan {
    precondition(index < count)
    let span = unsafe RawSpan(
      _unsafeStart: linux_datagram_bytes(slots, CInt(index)), byteCount: linux_datagram_count(slots, CInt(index)))
    return unsafe _overrideLifetime(span, borrowing: self)
  }

  /// Lends that datagram to `body`: for holders that cannot lend a property's bytes.
  package borrowing func withDatagram(at index: Int, _ body: (RawSpan) -> Void) {
    body(datagram(at: index))
  }

  /// Whether the datagram was longer than its slot.
  package func isTruncated(at index: Int) -> Bool {
    linux_datagram_truncated(slots, CInt(index))
  }

  package func sender(at index: Int) -> SocketAddress? {
    var length: socklen_t = 0
    guard let address = linux_datagram_sender(slots, CInt(index), &length) else { return nil }
    return SocketAddress(address)
  }

  /// Datagrams that the kernel has dropped since this was last asked, as far as the last `receive` tells.
  package mutating func takeKernelDrops() -> Int {
    let drops = linux_datagram_kernel_drops(slots)
    defer { lastDrops = drops }
    return Int(drops &- lastDrops)
  }
}
