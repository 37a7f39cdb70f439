import Bytes

/// CONNACK (MQTT 3.1.1 section 3.2): why a client may not connect.
package enum MQTTRefusal: String, Hashable, Sendable {
  case unsupportedVersion = "unsupported-version"
  case clientIDRejected = "client-id-rejected"
  case serverUnavailable = "server-unavailable"
  case notAuthorized = "not-authorized"

  var returnCode: UInt8 {
    switch self {
    case .unsupportedVersion: 1
    case .clientIDRejected: 2
    case .serverUnavailable: 3
    case .notAuthorized: 5
    }
  }
}

enum MQTTConnack {
  /// Sessions end with their connection, so there is never one present.
  static func appendAccepted(to writer: inout ByteWriter) {
    append(0, to: &writer)
  }

  static func append(_ refusal: MQTTRefusal, to writer: inout ByteWriter) {
    append(refusal.returnCode, to: &writer)
  }

  /// What a client of version 5 understands: reason 0x84, unsupported protocol version, and no properties.
  static func appendRefusalOfVersion5(to writer: inout ByteWriter) {
    writer.appendMQTTHeader(.connack, bodyBytes: 3)
    writer.append(UInt8(0))
    writer.append(UInt8(0x84))
    writer.append(UInt8(0))
  }

  private static func append(_ returnCode: UInt8, to writer: inout ByteWriter) {
    writer.appendMQTTHeader(.connack, bodyBytes: 2)
    writer.append(UInt8(0))
    writer.append(returnCode)
  }
}
