import Glibc
import Platform

/// One client of the reference server.
final class ReferenceConnection {
  private let socket: FileDescriptor
  /// What was read and has no whole packet in it is at the front.
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
  private var count = 0
  private var acknowledgements: [UInt8] = []

  init(_ socket: consuming FileDescriptor) {
    self.socket = socket
  }

  deinit {
    buffer.deallocate()
  }

  var hasAcknowledgements: Bool { !acknowledgements.isEmpty }

  /// Reads once and appends the messages to `file`.
  /// - Returns: false when the connection is over.
  func receive(into file: inout ReferenceFile) -> Bool {
    switch socket.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[count...])) {
    case .moved(let read): count += read
    case .wouldBlock: return true
    case .endOfStream, .failed: return false
    }
    var start = 0
    while let packet = nextPacket(from: start) {
      guard handle(packet, &file) else { return false }
      start = packet.end
    }
    // A packet that does not fit will never be whole.
    guard start > 0 || count < buffer.count else { return false }
    count -= start
    memmove(buffer.baseAddress!, buffer.baseAddress! + start, count)
    return true
  }

  private struct Packet {
    let type: UInt8
    let body: Int
    let end: Int
  }

  private func nextPacket(from start: Int) -> Packet? {
    var length = 0
    var shift = 0
    var at = start + 1
    while at < count, shift < 28 {
      let byte = buffer[at]
      at += 1
      length |= Int(byte & 0x7F) << shift
      shift += 7
      guard byte & 0x80 == 0 else { continue }
      return at + length <= count ? Packet(type: buffer[start], body: at, end: at + length) : nil
    }
    return nil
  }

  private func handle(_ packet: Packet, _ file: inout ReferenceFile) -> Bool {
    switch packet.type {
    case 0x10:
      // CONNACK: accepted.
      send([0x20, 2, 0, 0])
      return true
    case 0x32:
      let topicBytes = Int(buffer[packet.body]) << 8 | Int(buffer[packet.body + 1])
      let identifier = packet.body + 2 + topicBytes
      guard identifier + 2 <= packet.end else { return false }
      file.append(UnsafeRawBufferPointer(rebasing: buffer[packet.body..<packet.end]).bytes)
      acknowledgements.append(0x40)
      acknowledgements.append(2)
      acknowledgements.append(buffer[identifier])
      acknowledgements.append(buffer[identifier + 1])
      return true
    default:
      // DISCONNECT, and whatever the load does not send.
      return false
    }
  }

  func sendAcknowledgements() {
    send(acknowledgements)
    acknowledgements.removeAll(keepingCapacity: true)
  }

  /// Of a client that does not read its acknowledgements the rest is lost, which the load notices.
  private func send(_ bytes: [UInt8]) {
    _ = socket.send(bytes.span.bytes)
  }
}
