import Bytes

/// The frame of a request: its size, and header v1 or v2.
package struct KafkaRequest: Hashable, Sendable {
  package let api: KafkaAPI
  package let version: Int16
  package let correlationID: Int32
  /// How the client calls itself, for the broker's logs and quotas.
  package let clientID: String

  package init(_ api: KafkaAPI, _ version: Int16, correlationID: Int32, clientID: String) {
    self.api = api
    self.version = version
    self.correlationID = correlationID
    self.clientID = clientID
  }

  /// Appends the request: its size, its header, and what `body` appends.
  func append(to writer: inout ByteWriter, _ body: (inout ByteWriter, _ isFlexible: Bool) -> Void) {
    let start = writer.count
    writer.append(Int32(0))
    writer.append(api.rawValue)
    writer.append(version)
    writer.append(correlationID)
    // Never compact, whatever the header's version.
    writer.append(kafka: clientID, flexible: false)
    let isFlexible = api.isFlexible(version)
    writer.appendKafkaTags(flexible: isFlexible)
    body(&writer, isFlexible)
    writer.patch(Int32(writer.count - start - 4), at: start)
  }
}
