import Bytes
import Records
import Wire

/// The payloads of the records that sessions are written down in, below `$forebay/mqtt/`, and of the state file. All
/// big-endian; `bytes` is a 4-byte length and the bytes. Each begins with its version, 1.
///
/// | topic | payload behind the version |
/// |---|---|
/// | `$forebay/mqtt/session` | bytes client id · int64 next · uint32 expiry · subscriptions · inbound · outbound · will |
/// | `$forebay/mqtt/session-end` | bytes client id |
/// | `$forebay/mqtt/release` | bytes client id · uint16 packet id |
/// | `$forebay/mqtt/groups` | uint32 count · each: bytes group · bytes filter · int64 next |
///
/// - subscriptions: uint32 count · each: bytes filter · uint8 has a group · bytes group · uint8 qos · uint8 options · uint32 id
/// - inbound: uint32 count · each: uint16 packet id
/// - outbound: uint32 count · each: uint16 packet id · uint8 qos · uint8 flags (1 retained, 2 received) · int64 offset
/// - will: uint8 whether · bytes topic · bytes payload · uint8 qos · uint8 retain · uint32 delay · uint32 count · bytes headers
///
/// What does not follow this is taken for nothing: a session is lost then, never a start.
enum SessionRecord {
  static let session = "$forebay/mqtt/session"
  static let end = "$forebay/mqtt/session-end"
  static let release = "$forebay/mqtt/release"
  static let groups = "$forebay/mqtt/groups"
  static let prefix = "$forebay/mqtt/"
  private static let version: UInt8 = 1

  static func begin(_ writer: inout ByteWriter) {
    writer.removeAll()
    writer.append(version)
  }

  /// A reader behind the version; nil where that is not known.
  @_lifetime(copy payload)
  static func open(_ payload: RawSpan) -> ByteReader? {
    var reader = ByteReader(payload)
    return reader.uint8() == version ? reader : nil
  }
}

extension StoredSession {
  func append(to writer: inout ByteWriter) {
    writer.append(block: clientID)
    writer.append(next)
    writer.append(expirySeconds)
    writer.append(UInt32(state.subscriptions.count))
    for subscription in state.subscriptions { subscription.append(to: &writer) }
    writer.append(UInt32(state.inbound.count))
    for packetID in state.inbound { writer.append(packetID) }
    writer.append(UInt32(state.outbound.count))
    for message in state.outbound { message.append(to: &writer) }
    writer.append(UInt8(will == nil ? 0 : 1))
    if let will { will.append(to: &writer) }
  }

  init?(_ reader: inout ByteReader) {
    guard let clientID = reader.block(), let next = reader.int64(), let expiry = reader.uint32() else { return nil }
    self.init(clientID: clientID, next: next, expirySeconds: expiry)
    guard let subscriptions = reader.uint32() else { return nil }
    for _ in 0..<subscriptions {
      guard let subscription = MQTTSubscription(&reader) else { return nil }
      state.subscriptions.append(subscription)
    }
    guard let inbound = reader.uint32() else { return nil }
    for _ in 0..<inbound {
      guard let packetID = reader.uint16() else { return nil }
      state.inbound.append(packetID)
    }
    guard let outbound = reader.uint32() else { return nil }
    for _ in 0..<outbound {
      guard let message = MQTTOutboundMessage(&reader) else { return nil }
      state.outbound.append(message)
    }
    guard let hasWill = reader.uint8() else { return nil }
    guard hasWill != 0 else { return }
    guard let will = MQTTWill(&reader) else { return nil }
    self.will = will
  }
}

extension MQTTSubscription {
  fileprivate func append(to writer: inout ByteWriter) {
    writer.append(block: filter.bytes)
    writer.append(UInt8(group == nil ? 0 : 1))
    writer.append(block: group ?? [])
    writer.append(qos.rawValue)
    let flags: UInt8 = (noLocal ? 1 : 0) | (retainAsPublished ? 2 : 0)
    writer.append(flags | retainHandling.rawValue << 2)
    writer.append(identifier ?? 0)
  }

  fileprivate init?(_ reader: inout ByteReader) {
    guard let filter = reader.block(), let hasGroup = reader.uint8(), let group = reader.block(),
      let qos = reader.uint8().flatMap({ MQTTQoS(rawValue: $0) }), let options = reader.uint8(),
      let handling = RetainHandling(rawValue: options >> 2 & 3), let identifier = reader.uint32(),
      let parsed = try? TopicFilter(filter.span.bytes)
    else { return nil }
    self.init(filter: parsed, group: hasGroup == 0 ? nil : group, qos: qos)
    noLocal = options & 1 != 0
    retainAsPublished = options & 2 != 0
    retainHandling = handling
    self.identifier = identifier == 0 ? nil : identifier
  }
}

extension MQTTOutboundMessage {
  fileprivate func append(to writer: inout ByteWriter) {
    writer.append(packetID)
    writer.append(qos.rawValue)
    let flags: UInt8 = (isRetained ? 1 : 0) | (isReceived ? 2 : 0)
    writer.append(flags)
    writer.append(offset)
  }

  fileprivate init?(_ reader: inout ByteReader) {
    guard let packetID = reader.uint16(), packetID > 0,
      let qos = reader.uint8().flatMap({ MQTTQoS(rawValue: $0) }), qos != .atMostOnce,
      let flags = reader.uint8(), let offset = reader.int64()
    else { return nil }
    self.init(
      packetID: packetID, qos: qos, offset: offset, isRetained: flags & 1 != 0, isReceived: flags & 2 != 0)
  }
}

extension MQTTWill {
  fileprivate func append(to writer: inout ByteWriter) {
    writer.append(block: topic)
    writer.append(block: payload)
    writer.append(qos.rawValue)
    writer.append(UInt8(isRetained ? 1 : 0))
    writer.append(delaySeconds)
    writer.append(UInt32(headers.count))
    writer.append(block: headers.bytes)
  }

  fileprivate init?(_ reader: inout ByteReader) {
    guard let topic = reader.block(), let payload = reader.block(),
      let qos = reader.uint8().flatMap({ MQTTQoS(rawValue: $0) }), let isRetained = reader.uint8(),
      let delay = reader.uint32(), let count = reader.uint32(), let headers = reader.block()
    else { return nil }
    self.init(topic: topic, payload: payload, qos: qos, isRetained: isRetained != 0)
    delaySeconds = delay
    self.headers = RecordHeaders(count: Int(count), bytes: headers)
  }
}

extension ByteWriter {
  mutating func append(block bytes: [UInt8]) {
    append(UInt32(bytes.count))
    append(bytes)
  }
}

extension ByteReader {
  @_lifetime(self: copy self)
  mutating func block() -> [UInt8]? {
    guard let length = uint32(), let bytes = bytes(Int(length)) else { return nil }
    return bytes.array
  }
}
