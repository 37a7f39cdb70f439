import Bytes
import Records

/// The list behind `publish=` or `subscribe=` in a users file: `plant/#,status/%c`. A level `%u` stands for the user's
/// name, a level `%c` for the client's identifier.
struct AllowedTopics: Hashable, Sendable {
  /// As written, one text a filter.
  let texts: [String]
  /// Those that are the same for every client of the account.
  private let filters: [TopicFilter]
  /// The levels of those that have `%c` in them.
  private let clientFilters: [[[UInt8]]]

  static let maximumFilters = 100

  /// - Throws: what is wrong with the list and what to write, for the message about the line.
  init(_ list: ArraySlice<UInt8>, key: String, user: [UInt8]) throws(AccountProblem) {
    var texts: [String] = []
    var filters: [TopicFilter] = []
    var clientFilters: [[[UInt8]]] = []
    // Nothing behind the `=`: nothing is allowed.
    for text in list.isEmpty ? [] : list.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
      let levels = try Self.levels(of: text, key, user)
      let filter = try Self.filter(Self.resolved(levels, clientID: Array("c".utf8)), text, key)
      if levels.contains(Self.client) { clientFilters.append(levels) } else { filters.append(filter) }
      texts.append(String(decoding: text, as: UTF8.self))
    }
    guard texts.count <= Self.maximumFilters else {
      throw AccountProblem("`\(key)` has \(texts.count) filters; write \(Self.maximumFilters) at the most")
    }
    self.texts = texts
    self.filters = filters
    self.clientFilters = clientFilters
  }

  /// What is allowed to a client of the account that calls itself `clientID`.
  func filters(clientID: [UInt8]) -> [TopicFilter] {
    // A client chooses its identifier itself: what is no plain level, and `$…`, opens nothing.
    guard !clientFilters.isEmpty, Self.isPlainLevel(clientID) else { return filters }
    return filters + clientFilters.compactMap { try? TopicFilter(Self.resolved($0, clientID: clientID).span.bytes) }
  }

  /// Whether `bytes` may stand for one level: not empty, no separator or wildcard in it, not Forebay's own.
  static func isPlainLevel(_ bytes: [UInt8]) -> Bool {
    !bytes.isEmpty && bytes.first != UInt8(ascii: "$") && !bytes.contains { "/+#\0".utf8.contains($0) }
  }

  private static let user = Array("%u".utf8)
  private static let client = Array("%c".utf8)

  private static func levels(
    of text: ArraySlice<UInt8>, _ key: String, _ user: [UInt8]
  ) throws(AccountProblem) -> [[UInt8]] {
    var levels: [[UInt8]] = []
    for level in text.split(separator: Topic.separator, omittingEmptySubsequences: false) {
      let isWhole = level.elementsEqual(Self.user) || level.elementsEqual(client)
      if !isWhole, [Self.user, client].contains(where: { level.firstRange(of: $0) != nil }) {
        throw AccountProblem(
          "`\(key)` has `\(String(decoding: text, as: UTF8.self))`; `%u` and `%c` stand for a whole level: `site/%u/#`")
      }
      levels.append(level.elementsEqual(Self.user) ? user : Array(level))
    }
    return levels
  }

  private static func filter(
    _ bytes: [UInt8], _ text: ArraySlice<UInt8>, _ key: String
  ) throws(AccountProblem) -> TopicFilter {
    let filter: TopicFilter
    do {
      filter = try TopicFilter(bytes.span.bytes)
    } catch {
      throw AccountProblem(
        "`\(key)` has `\(String(decoding: text, as: UTF8.self))`, which is no topic filter: \(error)")
    }
    if key == AccountLine.publishKey, filter.bytes.starts(with: Topic.ownPrefix.utf8) {
      throw AccountProblem(
        "`publish` has `\(filter)`; clients never publish below `\(Topic.ownPrefix)`, which is Forebay's own: remove it"
      )
    }
    return filter
  }

  private static func resolved(_ levels: [[UInt8]], clientID: [UInt8]) -> [UInt8] {
    Array(levels.map { $0 == client ? clientID : $0 }.joined(separator: [Topic.separator]))
  }
}
