import Bytes
import Glibc
import Platform
import Records

/// A client that publishes the telemetry corpus at QoS 1, a few messages a second, and does not mind its acknowledgements.
final class TelemetryPublisher {
  private let socket: FileDescriptor
  private var corpus: TelemetryCorpus
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 4 << 10, alignment: 16)
  private(set) var messages = 0
  /// Of topics and payloads.
  private(set) var rawBytes = 0

  /// - Parameter path: the daemon's Unix socket.
  init(path: String) throws {
    socket = try ClientSocket.connect(path: path, clientID: "telemetry")
    try socket.setNonBlocking()
    corpus = TelemetryCorpus(start: Timestamp(milliseconds: SystemTime().wallMilliseconds()))
  }

  deinit {
    buffer.deallocate()
  }

  /// Publishes `rate` messages a second, evenly, for `seconds`.
  /// - Parameter isEnough: looked at all the time; nil: only the time ends it.
  func run(rate: Double, seconds: Double, until isEnough: (() -> Bool)? = nil) throws {
    let watch = Stopwatch()
    var published = 0
    while watch.seconds < seconds, isEnough?() != true {
      try Interruption.check()
      while Double(published) < rate * watch.seconds {
        try publish()
        published += 1
      }
      while case .moved = socket.read(into: buffer) {}
      SystemTime().sleep(milliseconds: 1)
    }
  }

  private func publish() throws {
    var message: [UInt8] = []
    corpus.next { topic, payload, _ in
      rawBytes += topic.byteCount + payload.byteCount
      let packet = ClientPackets.publish(
        acknowledged: topic.text, payload: payload.withUnsafeBytes { Array($0) })
      message = packet.bytes
      let identifier = UInt16(messages % 65_535 + 1)
      message[packet.identifierAt] = UInt8(identifier >> 8)
      message[packet.identifierAt + 1] = UInt8(identifier & 0xFF)
    }
    messages += 1
    guard socket.send(message.span.bytes) == .moved(message.count) else {
      throw BenchmarkError.cannotMeasure("the daemon does not take a few messages a second")
    }
  }
}
