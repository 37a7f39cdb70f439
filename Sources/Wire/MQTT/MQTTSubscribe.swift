import Bytes
import Records

/// SUBSCRIBE (section 3.8 of both standards).
package struct MQTTSubscribe: Sendable {
  package let packetID: UInt16
  package let requests: [MQTTSubscription]

  init(_ body: RawSpan, _ version: MQTTVersion) throws(MQTTViolation) {
    var reader = ByteReader(body)
    packetID = try reader.mqttPacketID()
    var identifier: UInt32?
    if version == .v5 { identifier = try MQTTProperties(&reader, in: .subscribe).fields.subscriptionID }
    var requests: [MQTTSubscription] = []
    while !reader.isAtEnd {
      var subscription = try MQTTSubscription(mqtt: reader.mqttBinary())
      guard let options = reader.uint8() else { throw .truncatedPacket }
      try subscription.read(options, version)
      subscription.identifier = identifier
      requests.append(subscription)
    }
    guard !requests.isEmpty else { throw .noFilters }
    self.requests = requests
  }

  /// The SUBACK: a reason for each request, in order.
  static func answer(packetID: UInt16, _ reasons: [MQTTReason], _ version: MQTTVersion) -> [UInt8] {
    var writer = ByteWriter(capacity: 16 + reasons.count)
    writer.appendMQTTHeader(.suback, bodyBytes: (version == .v5 ? 3 : 2) + reasons.count)
    writer.append(packetID)
    if version == .v5 { writer.append(UInt8(0)) }
    for reason in reasons { writer.append(reason.isFailure && version != .v5 ? 0x80 : reason.rawValue) }
    return writer.array
  }
}

extension MQTTSubscription {
  private static let sharedPrefix = "$share/"

  /// `FILTER`, or `$share/GROUP/FILTER` (5.0 section 4.8.2; before version 5 many clients know it, too).
  init(mqtt bytes: RawSpan) throws(MQTTViolation) {
    guard bytes.starts(with: Self.sharedPrefix) else {
      self.init(filter: try TopicFilter(mqtt: bytes), qos: .atMostOnce)
      return
    }
    let rest = bytes.extracting(Self.sharedPrefix.utf8.count..<bytes.byteCount)
    guard let end = rest.withUnsafeBytes({ $0.firstIndex(of: Topic.separator) }), end > 0 else { throw .badFilter }
    let group = try TopicFilter(mqtt: rest.extracting(0..<end)).bytes
    guard !group.contains(UInt8(ascii: "+")), !group.contains(UInt8(ascii: "#")) else { throw .badFilter }
    self.init(
      filter: try TopicFilter(mqtt: rest.extracting((end + 1)..<rest.byteCount)), group: group, qos: .atMostOnce)
  }

  fileprivate mutating func read(_ options: UInt8, _ version: MQTTVersion) throws(MQTTViolation) {
    guard let qos = MQTTQoS(rawValue: options & 3) else { throw .badQoS }
    self.qos = qos
    guard version == .v5 else {
      guard options <= 2 else { throw .badQoS }
      return
    }
    guard options & 0b1100_0000 == 0, let handling = RetainHandling(rawValue: options >> 4 & 3) else {
      throw .badSubscriptionOptions
    }
    noLocal = options & 0b100 != 0
    retainAsPublished = options & 0b1000 != 0
    retainHandling = handling
    if noLocal, group != nil { throw .sharedNoLocal }
  }

  /// Whether `other` is the same subscription, perhaps with other options.
  func isSame(as other: MQTTSubscription) -> Bool { filter == other.filter && group == other.group }
}

extension TopicFilter {
  init(mqtt bytes: RawSpan) throws(MQTTViolation) {
    do throws(TopicProblem) {
      try self.init(bytes)
    } catch {
      throw .badFilter
    }
  }
}
