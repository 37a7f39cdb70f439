import Glibc
import Platform

/// One end of a connection over the line. Owned by one thread; closed with the last reference.
final class LinkSocket {
  let descriptor: FileDescriptor
  /// Whether the far side gets a reset when it is closed; otherwise it gets an ordinary end.
  var isReset = true

  init(_ descriptor: consuming FileDescriptor) {
    self.descriptor = descriptor
  }

  /// Connects to a server on loopback; nil where it takes no connection.
  convenience init?(to port: Int) {
    guard let descriptor = try? OutgoingSocket.stream(to: "127.0.0.1:\(port)", timeoutSeconds: 5),
      (try? descriptor.setNonBlocking()) != nil
    else { return nil }
    self.init(descriptor)
  }

  deinit {
    guard isReset else { return }
    var lingering = linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor.raw, SOL_SOCKET, SO_LINGER, &lingering, socklen_t(MemoryLayout<linger>.size))
  }

  var raw: CInt { descriptor.raw }

  /// Tells the far side that nothing more comes.
  func end() { shutdown(raw, CInt(SHUT_WR)) }

  static func setOption(_ descriptor: CInt, _ level: CInt, _ name: CInt, _ value: CInt) throws {
    var value = value
    guard setsockopt(descriptor, level, name, &value, socklen_t(MemoryLayout<CInt>.size)) == 0 else {
      throw TestFailure("setsockopt \(name): \(String(cString: strerror(errno)))")
    }
  }

  /// Has the kernel drop what comes in on a socket, unacknowledged, by a filter program that lets no byte through; or no more.
  static func dropPackets(_ drops: Bool, on descriptor: CInt) throws {
    guard drops else {
      // Fails where there is no such filter, which is as good.
      try? setOption(descriptor, SOL_SOCKET, SO_DETACH_FILTER, 0)
      return
    }
    // struct sock_filter: BPF_RET | BPF_K, 0. struct sock_fprog: uint16 count, padded, pointer.
    let result = withUnsafeBytes(of: UInt64(0x06).littleEndian) { instruction in
      var program = (UInt(1), UInt(bitPattern: instruction.baseAddress!))
      return setsockopt(
        descriptor, SOL_SOCKET, SO_ATTACH_FILTER, &program, socklen_t(MemoryLayout.size(ofValue: program)))
    }
    guard result == 0 else { throw TestFailure("SO_ATTACH_FILTER: \(String(cString: strerror(errno)))") }
  }
}
