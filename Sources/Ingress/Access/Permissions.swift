import Bytes
package import Records

/// What one connection may publish and subscribe to. One value a connection; any thread.
package struct Permissions: Hashable, Sendable {
  /// Nil: everything.
  private let publish: [TopicFilter]?
  private let subscribe: [TopicFilter]?

  /// Of a client without an account, where such are let in: all but publishing below `$forebay/`.
  package static let everything = Permissions(publish: nil, subscribe: nil)

  init(publish: [TopicFilter]?, subscribe: [TopicFilter]?) {
    self.publish = publish
    self.subscribe = subscribe
  }

  /// Whether a PUBLISH, or a will, of `topic` is allowed. Below `$forebay/` it never is. Allocates nothing.
  package func mayPublish(_ topic: RawSpan) -> Bool {
    if Self.isOwn(topic) { return false }
    guard let publish else { return true }
    for filter in publish where filter.matches(topic) { return true }
    return false
  }

  /// Whether all that `filter` matches may be read: it must lie wholly inside one of the allowed filters. Of a shared
  /// subscription give the part behind the group's name.
  package func maySubscribe(_ filter: TopicFilter) -> Bool {
    guard let subscribe else { return true }
    return subscribe.contains { $0.covers(filter) }
  }

  /// `$forebay`, and what is below it.
  private static func isOwn(_ topic: RawSpan) -> Bool {
    topic.withUnsafeBytes { topic in
      guard topic.first == UInt8(ascii: "$") else { return false }
      let own = Topic.ownPrefix.utf8
      return topic.starts(with: own) || topic.elementsEqual(own.dropLast())
    }
  }
}
