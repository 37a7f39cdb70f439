import Glibc
import Platform

/// Many clients that publish at QoS 1, on one thread.
final class PublishingLoad {
  private var clients: [PublishingClient] = []
  private let poller: Poller
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)

  /// No acknowledgement for so long: the server has stopped.
  private static let patienceSeconds = 15.0

  init(port: UInt16, clients count: Int, window: Int, payloadBytes: Int) throws {
    poller = try Poller(capacity: 1024)
    for number in 0..<count {
      let client = try PublishingClient(port: port, number: number, window: window, payloadBytes: payloadBytes)
      try poller.add(client.descriptor, .readable, token: UInt64(number))
      clients.append(client)
    }
  }

  deinit {
    buffer.deallocate()
  }

  private var acknowledged: Int { clients.reduce(0) { $0 + $1.acknowledged } }

  /// Keeps every window full for `seconds`; may be called again.
  /// - Returns: messages acknowledged in that time, and how long it was.
  func saturate(seconds: Double) throws -> (messages: Int, seconds: Double) {
    let before = acknowledged
    let watch = Stopwatch()
    for number in clients.indices { try fill(number) }
    var lastProgress = 0.0
    while watch.seconds < seconds {
      try Interruption.check()
      let count = try poller.wait(milliseconds: 100)
      if count > 0 { lastProgress = watch.seconds }
      try checkProgress(since: lastProgress, watch)
      for index in 0..<count {
        let event = poller.event(at: index)
        if event.isReadable { try clients[Int(event.token)].receive(buffer) }
        try fill(Int(event.token))
      }
    }
    return (acknowledged - before, watch.seconds)
  }

  private func fill(_ number: Int) throws {
    let client = clients[number]
    let wasBlocked = client.isBlocked
    try client.fillWindow()
    guard client.isBlocked != wasBlocked else { return }
    let interest: Poller.Interest = client.isBlocked ? [.readable, .writable] : .readable
    try poller.modify(client.descriptor, interest, token: UInt64(number))
  }

  private func checkProgress(since last: Double, _ watch: Stopwatch) throws(BenchmarkError) {
    guard watch.seconds - last < Self.patienceSeconds else {
      throw .cannotMeasure("no acknowledgement for \(Self.patienceSeconds.short) s")
    }
  }

  /// Sends `rate` messages a second for `seconds`, the clients in turn, and waits for the last acknowledgement.
  /// - Returns: for each message the seconds from when it was due to its acknowledgement: what is late being sent counts.
  func pace(rate: Double, seconds: Double) throws -> [Double] {
    let total = Int(rate * seconds)
    var latencies: [Double] = []
    latencies.reserveCapacity(total)
    let before = clients.map(\.acknowledged)
    let watch = Stopwatch()
    var sent = 0
    var lastProgress = 0.0
    while latencies.count < total {
      try Interruption.check()
      while sent < total, Double(sent) / rate <= watch.seconds {
        // A window that is full is a server far behind: the message stays due.
        guard try clients[sent % clients.count].sendOne() else { break }
        sent += 1
      }
      Self.sleep(on: poller.descriptor, seconds: min(sent < total ? Double(sent) / rate - watch.seconds : 0.1, 0.1))
      let count = try poller.wait(milliseconds: 0)
      if count > 0 { lastProgress = watch.seconds }
      try checkProgress(since: lastProgress, watch)
      for index in 0..<count {
        let number = Int(poller.event(at: index).token)
        let first = clients[number].acknowledged
        try clients[number].receive(buffer)
        let now = watch.seconds
        for message in first..<clients[number].acknowledged {
          latencies.append(now - Double((message - before[number]) * clients.count + number) / rate)
        }
      }
    }
    return latencies
  }

  /// Until `descriptor` is readable, at most `seconds`: finer than the milliseconds of a poller. select(2), as the number
  /// is small: the poller is older than its clients.
  private static func sleep(on descriptor: CInt, seconds: Double) {
    var set = fd_set()
    var time = timeval(tv_sec: 0, tv_usec: Int(max(seconds, 0) * 1e6))
    withUnsafeMutableBytes(of: &set) { $0[Int(descriptor) / 8] = 1 << (descriptor % 8) }
    select(descriptor + 1, &set, nil, nil, &time)
  }
}
