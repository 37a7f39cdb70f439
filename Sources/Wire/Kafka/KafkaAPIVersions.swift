package import Bytes

/// ApiVersions: which versions a broker speaks. The first request on every connection.
package struct KafkaAPIVersions: Hashable, Sendable {
  /// What is spoken with this broker; an API without a version in common is missing.
  package private(set) var chosen: [KafkaAPI: Int16] = [:]

  /// - Parameter software: who asks: letters, digits, `-` and `.` alone.
  package static func append(
    _ request: KafkaRequest, software: (name: String, version: String), to writer: inout ByteWriter
  ) {
    request.append(to: &writer) { writer, isFlexible in
      guard request.version >= 3 else { return }
      writer.append(kafka: software.name, flexible: isFlexible)
      writer.append(kafka: software.version, flexible: isFlexible)
      writer.appendKafkaTags(flexible: isFlexible)
    }
  }

  package enum Answer: Hashable, Sendable {
    case versions(KafkaAPIVersions)
    /// The broker does not know the version asked: ask again with this one.
    case askAgain(version: Int16)
    case failed(KafkaError)
  }

  package static func read(_ body: RawSpan, version: Int16) throws(KafkaMalformed) -> Answer {
    var reader = KafkaReader(body, .apiVersions, version)
    let error = try reader.error()
    guard error != .unsupportedVersion else {
      // Whatever was asked, this answer has the form of version 0. Brokers before 2.4 leave its list empty.
      var reader = KafkaReader(body, .apiVersions, 0)
      _ = try reader.error()
      let own = (try? ranges(&reader, 0))?[.apiVersions]
      let next = min(own?.upperBound ?? 0, version - 1)
      return next >= 0 ? .askAgain(version: next) : .failed(error)
    }
    guard error == .none else { return .failed(error) }
    let found = try ranges(&reader, version)
    var versions = KafkaAPIVersions()
    for (api, range) in found {
      let highest = min(range.upperBound, api.versions.upperBound)
      if highest >= api.versions.lowerBound { versions.chosen[api] = highest }
    }
    return .versions(versions)
  }

  @_lifetime(reader: copy reader)
  private static func ranges(
    _ reader: inout KafkaReader, _ version: Int16
  ) throws(KafkaMalformed) -> [KafkaAPI: ClosedRange<Int16>] {
    var ranges: [KafkaAPI: ClosedRange<Int16>] = [:]
    for _ in 0..<(try reader.count()) {
      let (key, lowest, highest) = (try reader.int16(), try reader.int16(), try reader.int16())
      try reader.tags()
      if let api = KafkaAPI(rawValue: key), lowest <= highest { ranges[api] = lowest...highest }
    }
    return ranges
  }
}
