import Bytes
import Platform
import Records
import Storage
import Support
import Testing

/// A short life of a log, in which segments are rolled, sealed and dropped and a cursor moves, again and again: with the
/// power cut behind, or an error from, each of its disk operations in turn.
struct EveryOperationTests {
  @Test func `the promise holds with the power cut after every operation`() throws {
    var operation = 1
    while true {
      let disk = FaultyDisk()
      disk.crash(afterOperation: operation)
      let life = OneLife(disk)
      life.run()
      life.end()
      let isWhole = !disk.hasCrashed
      disk.powerCycle(seed: UInt64(operation))
      try life.check("after operation \(operation)")
      if isWhole { break }
      operation += 1
    }
    #expect(operation > 300)
  }

  @Test(arguments: [(5, "EIO", false), (28, "ENOSPC", false), (5, "EIO", true), (28, "ENOSPC", true)])
  func `the promise holds with every operation failing in turn, once or for ever`(
    errno: Int32, name: String, isForEver: Bool
  ) throws {
    var operation = 1
    while true {
      let disk = FaultyDisk()
      disk.setFault(isForEver ? .from(operation, errno: errno) : .once(at: operation, errno: errno))
      let life = OneLife(disk)
      life.run()
      life.end()
      let isWhole = disk.operations < operation
      disk.setFault(nil)
      disk.endProcess()
      try life.check("\(name) at operation \(operation)")
      if isWhole { break }
      operation += 1
    }
    #expect(operation > 300)
  }
}

private final class OneLife {
  private let disk: FaultyDisk
  private let time = ManualTime()
  private var random = SeededGenerator(seed: 9)
  private var acknowledged: [Int] = []
  private var log: Log?

  init(_ disk: FaultyDisk) {
    self.disk = disk
  }

  func run() {
    var number = 0
    for _ in 0..<2 {
      guard let log = try? open() else { return }
      self.log = log
      var appender = log.makeAppender()
      var waiting: [(ticket: UInt64, number: Int)] = []
      for _ in 0..<20 {
        let noise = (0..<10).map { _ in String(random.next(), radix: 16) }.joined()
        waiting.append((append("\(number)/\(noise)", &appender), number))
        number += 1
        guard log.commitStep() else { return }
        while let first = waiting.first, first.ticket < appender.durableTickets {
          acknowledged.append(first.number)
          waiting.removeFirst()
        }
        if number % 4 == 0, var cursor = try? log.openCursor("route/r") { try? cursor.commit(log.durableEnd) }
        if number % 7 == 0 { _ = log.sealStep() }
      }
      end()
    }
  }

  private func append(_ payload: String, _ appender: inout Appender) -> UInt64 {
    let now = Timestamp(milliseconds: time.wallMilliseconds())
    let ticket = appender.append(topic: "t".utf8.span.bytes, payload: payload.utf8.span.bytes, at: now)
    appender.flush()
    return ticket
  }

  func end() {
    log?.close()
    log = nil
  }

  /// Every acknowledged record is there, once, in order, but for the oldest, which retention took.
  func check(_ when: String) throws {
    let log = try open()
    var reader = log.makeReader(at: 0)
    var found: [Int] = []
    while let record = try reader.next() {
      if record.topic.text != Topic.gap { found.append(Int(record.payload.text.prefix { $0 != "/" }) ?? -1) }
    }
    let kept = acknowledged.drop { log.startOffset > 0 && $0 < found.first ?? .max }
    #expect(zip(found, found.dropFirst()).allSatisfy { $0 < $1 }, "\(when): twice, or out of order")
    #expect(found.filter { kept.contains($0) } == Array(kept), "\(when)")
    #expect(acknowledged.count - kept.count <= Int(log.startOffset), "\(when)")
    let cursor = try log.openCursor("route/r")
    #expect(cursor.position <= log.durableEnd, "\(when)")
    log.close()
  }

  private func open() throws -> Log {
    var configuration = LogConfiguration(directory: "/data")
    configuration.segmentBytes = 2048
    configuration.maxBytes = 6000
    return try Log.open(configuration, disk: disk, time: time, startsThreads: false)
  }
}
