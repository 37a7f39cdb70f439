import Bytes
import Platform
import Records

/// The topic of a UDP listener: `udp/{address}`, where `{address}` and `{port}` stand for the sender's.
struct TopicTemplate: Hashable, Sendable {
  private enum Part: Hashable, Sendable {
    case text(String)
    case address
    case port
  }

  private let parts: [Part]

  /// Whether two ports of one address may have different topics.
  let usesPort: Bool

  /// - Throws: why the text can give no topic.
  init(_ text: String) throws(TopicTemplateProblem) {
    var parts: [Part] = []
    var rest = text[...]
    while let brace = rest.firstIndex(of: "{") {
      parts.append(.text(String(rest[..<brace])))
      rest = rest[brace...]
      if rest.hasPrefix("{address}") {
        parts.append(.address)
      } else if rest.hasPrefix("{port}") {
        parts.append(.port)
      } else {
        throw .unknownPlaceholder
      }
      rest = rest[rest.index(after: rest.firstIndex(of: "}")!)...]
    }
    parts.append(.text(String(rest)))
    self.parts = parts
    usesPort = parts.contains(.port)
    let sample = resolve(host: "10.0.0.7", port: 1)
    if let problem = Topic.problem(with: sample.span.bytes) { throw .badTopic(problem) }
    if sample.first == UInt8(ascii: "$") { throw .reserved }
  }

  func resolve(_ sender: SocketAddress) -> [UInt8] {
    resolve(host: sender.host, port: sender.port)
  }

  private func resolve(host: String, port: UInt16) -> [UInt8] {
    var topic: [UInt8] = []
    for part in parts {
      switch part {
      case .text(let text): topic += text.utf8
      case .address: topic += host.utf8
      case .port: topic += String(port).utf8
      }
    }
    return topic
  }
}

enum TopicTemplateProblem: Error, Hashable, CustomStringConvertible {
  case unknownPlaceholder
  case badTopic(TopicProblem)
  case reserved

  var description: String {
    switch self {
    case .unknownPlaceholder: "a brace must begin `{address}` or `{port}`"
    case .badTopic(let problem): problem.description
    case .reserved: "topics that begin with `$` are Forebay's own"
    }
  }
}
