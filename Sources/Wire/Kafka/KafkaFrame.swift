import Bytes

/// The frame of a response: its size, and header v0 or v1.
package struct KafkaFrame: Hashable, Sendable {
  package let correlationID: Int32
  /// Of the whole frame, its size included.
  package let byteCount: Int

  /// No response that Forebay asks for is larger: what says so is no Kafka broker (`HTTP` would be 1.2 GB).
  package static let maximumBytes = 64 << 20

  /// The frame at the front of `bytes`; nil where more has to come.
  package static func parse(_ bytes: RawSpan) throws(KafkaMalformed) -> KafkaFrame? {
    var reader = ByteReader(bytes)
    guard let size = reader.int32() else { return nil }
    guard size >= 4, size <= maximumBytes else { throw KafkaMalformed("a response") }
    guard bytes.byteCount >= 4 + Int(size), let correlationID = reader.int32() else { return nil }
    return KafkaFrame(correlationID: correlationID, byteCount: 4 + Int(size))
  }

  /// What follows the header of the answer to `request`; `bytes` begin with the frame.
  @_lifetime(copy bytes)
  package func body(of bytes: RawSpan, for request: KafkaRequest) throws(KafkaMalformed) -> RawSpan {
    var reader = ByteReader(bytes.extracting(8..<byteCount))
    // The answer to ApiVersions has the old header always: the client does not know yet what the broker speaks.
    guard request.api.isFlexible(request.version), request.api != .apiVersions else { return reader.rest() }
    guard let count = reader.varUInt(maximumBytes: 5) else { throw KafkaMalformed("a response") }
    for _ in 0..<count {
      guard reader.varUInt(maximumBytes: 5) != nil, let size = reader.varUInt(maximumBytes: 5), reader.skip(Int(size))
      else {
        throw KafkaMalformed("a response")
      }
    }
    return reader.rest()
  }
}
