import Bytes
import Platform

/// The TCP connection of a target that speaks a protocol of ours. One owner, one thread.
struct TargetSocket: ~Copyable {
  private let descriptor: FileDescriptor
  /// What the last `receive` has brought.
  private(set) var received = ByteWriter(capacity: 64 << 10)
  private(set) var sentBytes = 0
  private var progress = SendProgress()
  private var hasMoved = false

  private static let connectSeconds = 5
  /// Of one `receive`, so that much to read does not keep writes waiting.
  private static let receiveLimit = 1 << 20

  /// Connects: waits for some seconds at the most.
  /// - Parameter deadSeconds: what was sent may go unacknowledged for so long.
  init(to address: String, deadSeconds: Int) throws(SystemError) {
    let descriptor = try OutgoingSocket.stream(to: address, timeoutSeconds: Self.connectSeconds)
    try descriptor.setNonBlocking()
    try OutgoingSocket.setLasting(descriptor, deadSeconds: CInt(deadSeconds))
    self.descriptor = descriptor
  }

  var raw: CInt { descriptor.raw }
  var hasReceived: Bool { !received.isEmpty }

  /// Reads what is there into `received`, in place of what was.
  /// - Returns: how the connection ended, if it did; what was received before still counts.
  mutating func receive() -> String? {
    received.removeAll()
    while received.count < Self.receiveLimit {
      var result = IOResult.wouldBlock
      _ = received.append(upTo: 64 << 10) { room in
        result = descriptor.read(into: room)
        if case .moved(let count) = result { return count }
        return 0
      }
      switch result {
      case .moved: continue
      case .wouldBlock: return nil
      case .endOfStream: return "the far side closed the connection"
      case .failed(let code): return SystemError("read", errno: code).reason
      }
    }
    return nil
  }

  /// Sends what it can of `output`, and takes that away.
  mutating func send(_ output: inout ByteWriter) throws(SystemError) {
    var sent = 0
    if progress.hasProgressed(descriptor.raw) { hasMoved = true }
    defer {
      output.removeFirst(sent)
      progress.note(descriptor.raw)
    }
    while sent < output.count {
      switch descriptor.send(output.bytes.extracting(droppingFirst: sent)) {
      case .moved(let count):
        sent += count
        sentBytes += count
      case .wouldBlock, .endOfStream: return
      case .failed(let code): throw SystemError("send", errno: code)
      }
    }
  }

  /// Bytes sent since the last call.
  mutating func takeSentBytes() -> Int {
    defer { sentBytes = 0 }
    return sentBytes
  }

  /// Whether what was sent has come further since the last call, be it slowly.
  mutating func takeProgress() -> Bool {
    defer { hasMoved = false }
    return hasMoved
  }
}
