package import Bytes

/// Pings that are answered before it is their turn: for a client whose packets have to wait. The order of an answer to a ping
/// among acknowledgements says nothing (MQTT 3.1.1 section 4.6).
package enum MQTTPingsAhead {
  /// Takes every PINGREQ out of `packets`, and appends its answer to `replies`.
  /// - Parameters:
  ///   - packets: begin with a packet's first byte; the last may have come in part. Behind a malformed one nothing is looked
  ///     at.
  ///   - limit: the longest packet that is allowed.
  package static func answer(in packets: inout ByteWriter, limit: Int, replies: inout ByteWriter) {
    var rest = ByteWriter(capacity: packets.count)
    let found = copy(packets.bytes, without: &rest, limit: limit)
    guard found > 0 else { return }
    packets = rest
    for _ in 0..<found { replies.appendMQTTHeader(.pingresp, bodyBytes: 0) }
  }

  /// - Returns: how many pings were left out.
  private static func copy(_ packets: RawSpan, without rest: inout ByteWriter, limit: Int) -> Int {
    var position = 0
    var found = 0
    while position < packets.byteCount {
      let ahead = packets.extracting(position..<packets.byteCount)
      let header = (try? MQTTFixedHeader.parse(ahead, limit: limit)) ?? nil
      guard let header, header.packetBytes <= ahead.byteCount else { break }
      if header.type == .pingreq, header.bodyBytes == 0 {
        found += 1
      } else {
        rest.append(ahead.extracting(0..<header.packetBytes))
      }
      position += header.packetBytes
    }
    rest.append(packets.extracting(position..<packets.byteCount))
    return found
  }
}
