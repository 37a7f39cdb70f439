import Glibc
import Platform

/// One client that publishes at QoS 1 with at most a window of messages not yet acknowledged.
///
/// The messages lie ready in memory, as many as the window has, one behind the other; only their identifiers change. What is
/// sent is always the next of them, so that nothing is copied and one call sends all that may go.
final class PublishingClient {
  private let socket: FileDescriptor
  private let messages: UnsafeMutableRawBufferPointer
  private let messageBytes: Int
  private let identifierAt: Int
  private let window: Int
  /// Messages that may be sent, in bytes those that were, and messages acknowledged: of all times.
  private var released = 0
  private var sentBytes = 0
  private(set) var acknowledged = 0
  /// Bytes of a PUBACK that is not yet whole.
  private var partial: (UInt8, UInt8, UInt8, UInt8) = (0, 0, 0, 0)
  private var partialCount = 0
  /// Whether the socket took less than there was.
  private(set) var isBlocked = false

  init(port: UInt16, number: Int, window: Int, payloadBytes: Int) throws {
    socket = try ClientSocket.connect(port: port, clientID: "load-\(number)")
    try socket.setNonBlocking()
    let (message, identifierAt) = ClientPackets.publish(
      acknowledged: "plant/line-\(number / 10)/device-\(number)/temperature",
      payload: ClientPackets.payload(payloadBytes, seed: number))
    self.identifierAt = identifierAt
    self.window = window
    messageBytes = message.count
    messages = .allocate(byteCount: message.count * window, alignment: 16)
    for slot in 0..<window {
      UnsafeMutableRawBufferPointer(rebasing: messages[(slot * message.count)...]).copyBytes(from: message)
    }
  }

  deinit {
    messages.deallocate()
  }

  var descriptor: CInt { socket.raw }

  /// Sends as many as the window allows.
  func fillWindow() throws(BenchmarkError) {
    while released < acknowledged + window { release() }
    try send()
  }

  /// Sends one more.
  /// - Returns: false where the window is full, and nothing was sent.
  func sendOne() throws(BenchmarkError) -> Bool {
    guard released < acknowledged + window else { return false }
    release()
    try send()
    return true
  }

  private func release() {
    let identifier = Self.identifier(of: released)
    let at = released % window * messageBytes + identifierAt
    messages[at] = UInt8(identifier >> 8)
    messages[at + 1] = UInt8(identifier & 0xFF)
    released += 1
  }

  private static func identifier(of message: Int) -> Int { message % 65_535 + 1 }

  /// Sends what was released and is not sent yet, as far as the socket takes it.
  func send() throws(BenchmarkError) {
    isBlocked = false
    while sentBytes < released * messageBytes {
      let start = sentBytes % messages.count
      let end = min(messages.count, start + released * messageBytes - sentBytes)
      switch socket.send(UnsafeRawBufferPointer(rebasing: messages[start..<end]).bytes) {
      case .moved(let count): sentBytes += count
      case .wouldBlock:
        isBlocked = true
        return
      case .endOfStream, .failed: throw Self.lost
      }
    }
  }

  /// Reads what acknowledgements are there, which must be for the oldest messages, in their order.
  func receive(_ buffer: UnsafeMutableRawBufferPointer) throws(BenchmarkError) {
    withUnsafeBytes(of: partial) { buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[..<partialCount])) }
    var count = partialCount
    switch socket.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[count...])) {
    case .moved(let read): count += read
    case .wouldBlock: return
    case .endOfStream, .failed: throw Self.lost
    }
    var at = 0
    while at + 4 <= count {
      let identifier = Self.identifier(of: acknowledged)
      guard buffer[at] == 0x40, buffer[at + 1] == 2, Int(buffer[at + 2]) << 8 | Int(buffer[at + 3]) == identifier,
        acknowledged < released
      else { throw .cannotMeasure("the server sent something else than the PUBACK of message \(identifier)") }
      acknowledged += 1
      at += 4
    }
    partialCount = count - at
    withUnsafeMutableBytes(of: &partial) {
      $0.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[at..<count]))
    }
  }

  private static let lost = BenchmarkError.cannotMeasure("the server closed a connection")
}
