package import Bytes

/// InitProducerId: under which number a producer's batches are recognised when they come again.
package struct KafkaProducerID: Hashable, Sendable {
  package let id: Int64
  package let epoch: Int16

  package init(id: Int64, epoch: Int16) {
    self.id = id
    self.epoch = epoch
  }

  package static func append(_ request: KafkaRequest, to writer: inout ByteWriter) {
    request.append(to: &writer) { writer, isFlexible in
      writer.appendKafkaNull(flexible: isFlexible)
      // The time limit of transactions, of which there are none.
      writer.append(Int32.max)
      if request.version >= 3 {
        writer.append(Int64(-1))
        writer.append(Int16(-1))
      }
      writer.appendKafkaTags(flexible: isFlexible)
    }
  }

  package struct Answer: Hashable, Sendable {
    package let error: KafkaError
    package let producer: KafkaProducerID
    package let throttleMilliseconds: Int32
  }

  package static func read(_ body: RawSpan, version: Int16) throws(KafkaMalformed) -> Answer {
    var reader = KafkaReader(body, .initProducerID, version)
    let (throttle, error) = (try reader.int32(), try reader.error())
    let producer = KafkaProducerID(id: try reader.int64(), epoch: try reader.int16())
    return Answer(error: error, producer: producer, throttleMilliseconds: throttle)
  }
}
