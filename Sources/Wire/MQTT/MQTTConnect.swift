import Bytes
import Records

/// CONNECT (section 3.1 of both standards), in place.
package struct MQTTConnect: ~Escapable {
  package let version: MQTTVersion
  /// A session that the client had before is forgotten.
  package let isCleanStart: Bool
  /// How long the session outlives its connection; `UInt32.max`: for good. Before version 5: not at all, or for good.
  package let sessionExpirySeconds: UInt32
  /// 0: the client need not send anything.
  package let keepAliveSeconds: Int
  package let clientID: RawSpan
  package let will: MQTTWill?
  package let user: RawSpan?
  package let password: RawSpan?
  let properties: MQTTProperties

  private enum Flag {
    static let reserved: UInt8 = 0b0000_0001
    static let cleanSession: UInt8 = 0b0000_0010
    static let will: UInt8 = 0b0000_0100
    static let willQoS: UInt8 = 0b0001_1000
    static let willRetain: UInt8 = 0b0010_0000
    static let password: UInt8 = 0b0100_0000
    static let user: UInt8 = 0b1000_0000
  }

  /// Which version the client speaks: told by protocol name and level, whatever follows them.
  static func version(of body: RawSpan) throws(MQTTViolation) -> MQTTVersion {
    var reader = ByteReader(body)
    return try version(&reader)
  }

  private static func version(_ reader: inout ByteReader) throws(MQTTViolation) -> MQTTVersion {
    let name = try reader.mqttBinary()
    let isOld = name.elementsEqual("MQIsdp".utf8.span.bytes)
    guard isOld || name.elementsEqual("MQTT".utf8.span.bytes) else { throw .badProtocolName }
    guard let level = reader.uint8() else { throw .truncatedPacket }
    switch (isOld, level) {
    case (true, 3): return .v3_1
    case (false, 4): return .v3_1_1
    case (false, 5): return .v5
    default: return .unknown
    }
  }

  @_lifetime(copy body)
  package init(_ body: RawSpan) throws(MQTTViolation) {
    var reader = ByteReader(body)
    version = try Self.version(&reader)
    guard let flags = reader.uint8(), let keepAlive = reader.uint16() else { throw .truncatedPacket }
    guard flags & Flag.reserved == 0 else { throw .reservedConnectFlag }
    if version != .v5, flags & Flag.user == 0, flags & Flag.password != 0 { throw .passwordWithoutUser }
    isCleanStart = flags & Flag.cleanSession != 0
    keepAliveSeconds = Int(keepAlive)
    if version == .v5 {
      let found = try MQTTProperties(&reader, in: .connect)
      if found.fields.seen & 1 << 22 != 0, found.fields.authenticationMethod == nil { throw .misplacedProperty }
      sessionExpirySeconds = found.fields.sessionExpiry ?? 0
      properties = found
    } else {
      sessionExpirySeconds = isCleanStart ? 0 : UInt32.max
      properties = MQTTProperties(noneIn: body)
    }
    clientID = try reader.mqttText()
    if flags & Flag.will != 0 {
      will = try MQTTWill(&reader, version, qos: flags & Flag.willQoS, isRetained: flags & Flag.willRetain != 0)
    } else {
      guard flags & (Flag.willQoS | Flag.willRetain) == 0 else { throw .badWillFlags }
      will = nil
    }
    user = flags & Flag.user != 0 ? try reader.mqttText() : nil
    password = flags & Flag.password != 0 ? try reader.mqttBinary() : nil
    try reader.mqttExpectEnd()
  }
}
