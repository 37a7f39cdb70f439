import Platform

/// One client that publishes at QoS 0 to many that are subscribed, on one thread. So much is published as the slowest can
/// take: what was published and has not yet been delivered to everybody is at most a window of messages.
final class DeliveryLoad {
  private let publisher: FileDescriptor
  private var subscribers: [Subscriber] = []
  private let poller: Poller
  private let message: [UInt8]
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
  private var published = 0
  private var deliveredBytes = 0
  /// Bytes of a message that the publisher's socket has not taken.
  private var unsent = 0

  private static let window = 500
  private static let patienceSeconds = 5.0

  private final class Subscriber {
    let socket: FileDescriptor
    /// How much of its next delivery is still to come; 0: it has not begun.
    var missing = 0

    init(_ socket: consuming FileDescriptor) { self.socket = socket }
  }

  init(port: UInt16, subscribers count: Int) throws {
    poller = try Poller(capacity: 1024)
    // The remaining length fits one byte: a delivery is as long as what was published.
    message = ClientPackets.publish(topic: "fan/out", payload: ClientPackets.payload(100, seed: 1))
    for number in 0..<count {
      let socket = try ClientSocket.connect(port: port, clientID: "subscriber-\(number)")
      try ClientSocket.subscribe(socket, "fan/#")
      try socket.setNonBlocking()
      try poller.add(socket.raw, .readable, token: UInt64(number))
      subscribers.append(Subscriber(socket))
    }
    publisher = try ClientSocket.connect(port: port, clientID: "publisher")
    try publisher.setNonBlocking()
  }

  deinit {
    buffer.deallocate()
  }

  /// - Returns: deliveries a second.
  func run(seconds: Double) throws -> Double {
    let before = deliveredBytes
    let watch = Stopwatch()
    var lastProgress = 0.0
    while watch.seconds < seconds {
      try Interruption.check()
      try publish()
      let count = try poller.wait(milliseconds: 20)
      for index in 0..<count { try receive(Int(poller.event(at: index).token)) }
      if count > 0 { lastProgress = watch.seconds }
      guard watch.seconds - lastProgress < Self.patienceSeconds else {
        throw BenchmarkError.cannotMeasure("deliveries are missing: the server has lost some")
      }
    }
    return Double((deliveredBytes - before) / message.count) / watch.seconds
  }

  private func publish() throws(BenchmarkError) {
    let delivered = deliveredBytes / message.count / subscribers.count
    while unsent > 0 || published - delivered < Self.window {
      if unsent == 0 {
        published += 1
        unsent = message.count
      }
      let message = message
      switch publisher.send(message.span.bytes.extracting(last: unsent)) {
      case .moved(let count): unsent -= count
      case .wouldBlock: return
      case .endOfStream, .failed: throw .cannotMeasure("the server closed the publisher's connection")
      }
    }
  }

  private func receive(_ number: Int) throws(BenchmarkError) {
    let subscriber = subscribers[number]
    switch subscriber.socket.read(into: buffer) {
    case .moved(let count):
      deliveredBytes += count
      // One look a read: looking at every delivery would measure the looking.
      if subscriber.missing + 1 < count,
        buffer[subscriber.missing] != message[0] || buffer[subscriber.missing + 1] != message[1]
      {
        throw .cannotMeasure("the server delivered something else than was published")
      }
      let behind = (count - subscriber.missing) % message.count
      subscriber.missing = behind > 0 ? message.count - behind : -behind
    case .wouldBlock: return
    case .endOfStream, .failed: throw .cannotMeasure("the server closed a subscriber's connection")
    }
  }
}
