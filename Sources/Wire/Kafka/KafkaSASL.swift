package import Bytes

/// SaslHandshake and SaslAuthenticate: which mechanism, and its messages.
package enum KafkaSASL {
  package static func appendHandshake(_ request: KafkaRequest, mechanism: SASLMechanism, to writer: inout ByteWriter) {
    request.append(to: &writer) { writer, isFlexible in
      writer.append(kafka: mechanism.rawValue, flexible: isFlexible)
    }
  }

  package struct Handshake: Hashable, Sendable {
    package let error: KafkaError
    /// What the broker has.
    package let mechanisms: [String]
  }

  package static func readHandshake(_ body: RawSpan, version: Int16) throws(KafkaMalformed) -> Handshake {
    var reader = KafkaReader(body, .saslHandshake, version)
    let error = try reader.error()
    var mechanisms: [String] = []
    for _ in 0..<(try reader.count()) { mechanisms.append(try reader.text() ?? "") }
    return Handshake(error: error, mechanisms: mechanisms)
  }

  package static func appendMessage(_ request: KafkaRequest, _ message: [UInt8], to writer: inout ByteWriter) {
    request.append(to: &writer) { writer, isFlexible in
      writer.append(kafka: message.span.bytes, flexible: isFlexible)
      writer.appendKafkaTags(flexible: isFlexible)
    }
  }

  package struct Answer: Hashable, Sendable {
    package let error: KafkaError
    package let message: String?
    package let bytes: [UInt8]
    /// After so long the broker ends the connection unless it has been proved anew; 0: never.
    package let lifetimeMilliseconds: Int64
  }

  package static func readAnswer(_ body: RawSpan, version: Int16) throws(KafkaMalformed) -> Answer {
    var reader = KafkaReader(body, .saslAuthenticate, version)
    let (error, message, bytes) = (try reader.error(), try reader.text(), try reader.data())
    let lifetime = version >= 1 ? try reader.int64() : 0
    return Answer(error: error, message: message, bytes: bytes ?? [], lifetimeMilliseconds: lifetime)
  }
}
