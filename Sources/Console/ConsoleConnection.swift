import Bytes
import Platform
import Wire

/// One client of the console: what it has sent, and what has not been sent to it yet.
struct ConsoleConnection: ~Copyable {
  let socket: FileDescriptor
  private let isLocal: Bool
  private var input = ByteWriter(capacity: 1024)
  private var output = ByteWriter(capacity: 1024)
  private var sent = 0
  private var closesWhenSent = false
  /// When the connection is closed unless an answer has moved (monotonic nanoseconds): bytes that come one by one do not
  /// keep it open.
  private(set) var deadline: Int64

  enum Next: Hashable {
    /// Wait for the client.
    case read
    /// Wait for room in the socket.
    case write
    case close
  }

  static let timeoutNanoseconds: Int64 = 10_000_000_000

  init(_ socket: consuming FileDescriptor, isLocal: Bool, now: Int64) {
    self.socket = socket
    self.isLocal = isLocal
    deadline = now + Self.timeoutNanoseconds
  }

  /// Reads what has come, answers what is complete, and sends.
  mutating func advance(now: Int64, answer: Console.Answer) -> Next {
    if sent == output.count, !closesWhenSent {
      guard receive() else { return .close }
      answerAll(answer)
    }
    return send(now: now)
  }

  /// False when the client has gone.
  private mutating func receive() -> Bool {
    var result = IOResult.wouldBlock
    _ = input.append(upTo: 4096) { room in
      result = socket.read(into: room)
      if case .moved(let count) = result { return count }
      return 0
    }
    return switch result {
    case .moved, .wouldBlock: true
    case .endOfStream, .failed: false
    }
  }

  private mutating func answerAll(_ answer: Console.Answer) {
    while !closesWhenSent {
      switch HTTPRequest.parse(input.bytes) {
      case .incomplete: return
      case .refused(let status, let reason):
        HTTPResponse(status, text: reason).encode(into: &output, keepsConnection: false)
        closesWhenSent = true
      case .request(let request, let byteCount):
        input.removeFirst(byteCount)
        closesWhenSent = !request.isPersistent
        answer(request, isLocal).encode(
          into: &output, keepsConnection: request.isPersistent, withoutBody: request.method == "HEAD")
      }
    }
  }

  private mutating func send(now: Int64) -> Next {
    while sent < output.count {
      switch socket.send(output.bytes.extracting(sent..<output.count)) {
      case .moved(let count):
        sent += count
        deadline = now + Self.timeoutNanoseconds
      case .wouldBlock: return .write
      case .endOfStream, .failed: return .close
      }
    }
    sent = 0
    output.removeAll()
    return closesWhenSent ? .close : .read
  }
}
