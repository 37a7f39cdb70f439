import Bytes
import Glibc
import Platform

/// What an uplink has sent, sent again by the least there can be: no log, no compression, no numbers to keep. What the far
/// side takes is then all that is measured.
///
/// Frames of both protocols are a uint32 length and a body. Kafka: a request has one answer, and five may be without;
/// RabbitMQ: what is asked for waits for its answer, and of what is published the confirmations are counted.
struct Replay {
  enum Kind {
    case kafka
    case rabbitMQ
  }

  private let kind: Kind
  private let place: [UInt8]
  private let recording: [UInt8]
  /// Of the whole frames.
  private var frames: [Range<Int>] = []

  /// Has `ship` send something to `farSide` over a line, and keeps that.
  /// - Parameters:
  ///   - place: the topic or stream, and the uplink's name.
  ///   - ship: gets the uplink, JSON5, and returns when everything is there, with one connection.
  init(_ kind: Kind, of place: String, to farSide: any FarSide, _ ship: (String) throws -> Void) throws {
    let line = try Line(to: farSide.port, records: true)
    farSide.clientPort = line.port
    defer { farSide.clientPort = farSide.port }
    try ship(farSide.uplink(place, to: place))
    guard let recording = line.recording.max(by: { $0.count < $1.count }) else {
      throw BenchmarkError.cannotMeasure("nothing went over the line")
    }
    self.init(kind, place, recording)
  }

  private init(_ kind: Kind, _ place: String, _ recording: [UInt8]) {
    self.kind = kind
    self.place = Array(place.utf8)
    self.recording = recording
    var position = 0
    while position + 4 <= recording.count {
      let end = position + 4 + Self.uint32(recording[position...])
      guard end <= recording.count else { break }
      // Not RabbitMQ's Close, which would cut off the last confirmations.
      let isClosing = kind == .rabbitMQ && Self.uint16(recording[(position + 4)...]) == 0x16
      if !isClosing { frames.append(position..<end) }
      position = end
    }
  }

  /// Of what was sent.
  var byteCount: Int { recording.count }

  /// Sends everything and waits until all of it is answered.
  /// - Parameter name: another topic or stream than was recorded, as long: a stream drops what it has had.
  /// - Returns: the seconds that took, from the first publication on.
  func run(port: UInt16, to name: String) throws -> Double {
    let socket = try OutgoingSocket.stream(to: "127.0.0.1:\(port)", timeoutSeconds: 10)
    var answers = ReplayAnswers()
    var watch = Stopwatch()
    var isBeginning = true
    for frame in frames {
      let bytes = recording[frame]
      let isPublication = isPublication(bytes)
      if isPublication, isBeginning {
        isBeginning = false
        watch = Stopwatch()
      }
      try send(isPublication ? bytes : renamed(bytes, Array(name.utf8))[...], socket)
      answers.outstanding += awaited(bytes)
      let limit = isPublication ? window : 0
      while answers.outstanding > limit { try answers.receive(socket, kind) }
    }
    while answers.outstanding > 0 { try answers.receive(socket, kind) }
    return watch.seconds
  }

  /// `frame` with another place, as long, in the recorded one's stead.
  private func renamed(_ frame: ArraySlice<UInt8>, _ name: [UInt8]) -> [UInt8] {
    precondition(name.count == place.count)
    var frame = Array(frame)
    var position = 0
    while position + place.count <= frame.count {
      if frame[position..<(position + place.count)].elementsEqual(place) {
        frame.replaceSubrange(position..<(position + place.count), with: name)
      }
      position += 1
    }
    return frame
  }

  /// Answers that may be outstanding while more is published.
  private var window: Int { kind == .kafka ? 4 : 64 }

  /// Kafka's Produce is 0; RabbitMQ's Publish 2.
  private func isPublication(_ frame: ArraySlice<UInt8>) -> Bool {
    Self.uint16(frame.dropFirst(4)) == (kind == .kafka ? 0 : 2)
  }

  /// What the server owes for a frame.
  private func awaited(_ frame: ArraySlice<UInt8>) -> Int {
    guard kind == .rabbitMQ else { return 1 }
    switch Self.uint16(frame.dropFirst(4)) {
    // Publish: as many confirmations as it has entries, behind the publisher.
    case 0x02: return Self.uint32(frame.dropFirst(9))
    // Tune and heartbeat.
    case 0x14, 0x17: return 0
    default: return 1
    }
  }

  private func send(_ bytes: ArraySlice<UInt8>, _ socket: borrowing FileDescriptor) throws {
    var sent = 0
    try bytes.withUnsafeBytes { bytes in
      while sent < bytes.count {
        let count = Glibc.send(socket.raw, bytes.baseAddress! + sent, bytes.count - sent, CInt(MSG_NOSIGNAL))
        guard count > 0 else { throw SystemError("send") }
        sent += count
      }
    }
  }

  fileprivate static func uint32(_ bytes: ArraySlice<UInt8>) -> Int {
    bytes.prefix(4).reduce(0) { $0 << 8 | Int($1) }
  }

  fileprivate static func uint16(_ bytes: ArraySlice<UInt8>) -> Int {
    bytes.prefix(2).reduce(0) { $0 << 8 | Int($1) }
  }
}

/// What comes back during a replay.
private struct ReplayAnswers {
  var outstanding = 0
  private var received: [UInt8] = []

  /// Waits for something and takes off what it answers.
  mutating func receive(_ socket: borrowing FileDescriptor, _ kind: Replay.Kind) throws {
    try Interruption.check()
    var room = [UInt8](repeating: 0, count: 64 << 10)
    guard case .moved(let count) = room.withUnsafeMutableBytes({ socket.read(into: $0) }) else {
      throw BenchmarkError.cannotMeasure("the far side does not answer what it is sent again")
    }
    received += room[..<count]
    var position = 0
    while position + 4 <= received.count {
      let end = position + 4 + Replay.uint32(received[position...])
      guard end <= received.count else { break }
      outstanding -= Self.answers(received[position..<end], kind)
      position = end
    }
    received.removeFirst(position)
  }

  private static func answers(_ frame: ArraySlice<UInt8>, _ kind: Replay.Kind) -> Int {
    guard kind == .rabbitMQ else { return 1 }
    switch Replay.uint16(frame.dropFirst(4)) {
    // PublishConfirm; Tune, metadata updates and heartbeats answer nothing.
    case 0x03: return Replay.uint32(frame.dropFirst(9))
    case 0x14, 0x10, 0x17: return 0
    default: return 1
    }
  }
}
