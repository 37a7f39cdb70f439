import Records
import Storage
import Support

/// A producer of a simulation: it remembers which of its records wait for an acknowledgement.
final class SimulatedProducer {
  let number: Int
  private var appender: Appender
  private var waiting: [(ticket: UInt64, record: Int)] = []
  private var buffer = SimulatedRecords.makeBuffer()

  init(_ appender: consuming Appender, number: Int) {
    self.appender = appender
    self.number = number
  }

  func append(_ record: Int, bytes: Int, milliseconds: Int64) {
    SimulatedRecords.stamp(record, on: &buffer)
    let ticket = Self.append(buffer, bytes: bytes, at: Timestamp(milliseconds: milliseconds), to: &appender)
    waiting.append((ticket, record))
  }

  private static func append(
    _ buffer: [UInt8], bytes: Int, at timestamp: Timestamp, to appender: inout Appender
  ) -> UInt64 {
    appender.append(
      topic: "t".utf8.span.bytes, payload: buffer.span.bytes.extracting(0..<bytes), at: timestamp)
  }

  func flush() { appender.flush() }

  /// Tells `model` what has been acknowledged since it was last asked.
  func noteAcknowledged(in model: inout LogModel) {
    let durable = appender.durableTickets
    let count = waiting.firstIndex { $0.ticket >= durable } ?? waiting.count
    for (_, record) in waiting[..<count] { model.acknowledge(record) }
    waiting.removeFirst(count)
  }
}
