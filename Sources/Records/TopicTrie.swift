import Bytes

/// Which values have a topic filter that a topic matches: one node a level, so that a match costs a look-up a level and
/// not a look at every filter. `+`, `#` and the `$`-rule as in `TopicFilter`.
///
/// Matching allocates nothing; removing leaves no empty nodes. A value may stand at several filters, and at one filter
/// once. Filters of more than `TopicFilter.maximumLevels` levels are refused, which bounds the recursion. One owner.
package struct TopicTrie<Value: Equatable> {
  @usableFromInline
  struct Node {
    /// Ordered by hash.
    @usableFromInline var children: [Child] = []
    /// The node of `+`, or -1.
    @usableFromInline var plus = -1
    /// Values whose filter ends here.
    @usableFromInline var values: [Value] = []
    /// Values whose filter ends in `#` behind this level.
    @usableFromInline var valuesBelow: [Value] = []

    @usableFromInline init() {}

    var isEmpty: Bool { children.isEmpty && plus < 0 && values.isEmpty && valuesBelow.isEmpty }
  }

  @usableFromInline
  struct Child {
    @usableFromInline let hash: UInt64
    @usableFromInline let level: [UInt8]
    @usableFromInline let node: Int

    init(hash: UInt64, level: [UInt8], node: Int) {
      self.hash = hash
      self.level = level
      self.node = node
    }
  }

  /// The root is the first.
  @usableFromInline var nodes = [Node()]
  private var freeNodes: [Int] = []

  /// How many values there are, each counted at each of its filters.
  package private(set) var count = 0

  package init() {}

  package var isEmpty: Bool { count == 0 }

  /// Nodes in use, the root included.
  package var nodeCount: Int { nodes.count - freeNodes.count }

  /// Puts `value` at `filter`.
  /// - Returns: false where it is there already, or the filter has too many levels.
  @discardableResult
  package mutating func insert(_ value: Value, at filter: TopicFilter) -> Bool {
    let levels = Self.levels(of: filter)
    guard levels.count <= TopicFilter.maximumLevels else { return false }
    let endsInHash = levels.last.map { $0.elementsEqual([UInt8(ascii: "#")]) } ?? false
    var node = 0
    for level in endsInHash ? levels.dropLast() : levels[...] {
      node = findOrMakeChild(of: node, level)
    }
    if endsInHash {
      guard !nodes[node].valuesBelow.contains(value) else { return false }
      nodes[node].valuesBelow.append(value)
    } else {
      guard !nodes[node].values.contains(value) else { return false }
      nodes[node].values.append(value)
    }
    count += 1
    return true
  }

  /// Takes `value` away from `filter`; false where it is not there.
  @discardableResult
  package mutating func remove(_ value: Value, at filter: TopicFilter) -> Bool {
    let levels = Self.levels(of: filter)
    guard levels.count <= TopicFilter.maximumLevels else { return false }
    let isRemoved = remove(value, under: 0, levels[...])
    if isRemoved { count -= 1 }
    return isRemoved
  }

  private mutating func remove(_ value: Value, under node: Int, _ levels: ArraySlice<ArraySlice<UInt8>>) -> Bool {
    guard let level = levels.first else {
      guard let index = nodes[node].values.firstIndex(of: value) else { return false }
      nodes[node].values.remove(at: index)
      return true
    }
    if level.elementsEqual([UInt8(ascii: "#")]) {
      guard let index = nodes[node].valuesBelow.firstIndex(of: value) else { return false }
      nodes[node].valuesBelow.remove(at: index)
      return true
    }
    guard let child = existingChild(of: node, level), remove(value, under: child, levels.dropFirst()) else {
      return false
    }
    if nodes[child].isEmpty { unlink(child, level, from: node) }
    return true
  }

  private func existingChild(of node: Int, _ level: ArraySlice<UInt8>) -> Int? {
    let found =
      level.elementsEqual([UInt8(ascii: "+")])
      ? nodes[node].plus : level.withUnsafeBytes { Self.child(in: nodes[node].children, $0) }
    return found >= 0 ? found : nil
  }

  private mutating func findOrMakeChild(of node: Int, _ level: ArraySlice<UInt8>) -> Int {
    if let child = existingChild(of: node, level) { return child }
    let child = freeNodes.popLast() ?? nodes.count
    if child == nodes.count { nodes.append(Node()) }
    if level.elementsEqual([UInt8(ascii: "+")]) {
      nodes[node].plus = child
    } else {
      let hash = level.withUnsafeBytes { Self.hash($0) }
      let index = Self.lowerBound(in: nodes[node].children, hash)
      nodes[node].children.insert(Child(hash: hash, level: Array(level), node: child), at: index)
    }
    return child
  }

  private mutating func unlink(_ child: Int, _ level: ArraySlice<UInt8>, from node: Int) {
    if level.elementsEqual([UInt8(ascii: "+")]) {
      nodes[node].plus = -1
    } else {
      nodes[node].children.removeAll { $0.node == child }
    }
    nodes[child] = Node()
    freeNodes.append(child)
  }

  private static func levels(of filter: TopicFilter) -> [ArraySlice<UInt8>] {
    filter.bytes.split(separator: Topic.separator, omittingEmptySubsequences: false)
  }
}

// Matching.
extension TopicTrie {
  /// Calls `body` with the value of each filter that `topic` matches, in no particular order; with a value as often as it
  /// has such filters.
  @inlinable
  package func forEachMatch(_ topic: RawSpan, _ body: (Value) -> Void) {
    topic.withUnsafeBytes { topic in
      visit(0, topic, from: 0, allowsWildcards: topic.first != UInt8(ascii: "$"), body)
    }
  }

  /// - Parameter start: where the level below `node` begins; behind the end of the topic plus one where there is none.
  @inlinable
  func visit(
    _ node: Int, _ topic: UnsafeRawBufferPointer, from start: Int, allowsWildcards: Bool, _ body: (Value) -> Void
  ) {
    if allowsWildcards {
      for value in nodes[node].valuesBelow { body(value) }
    }
    if start > topic.count {
      for value in nodes[node].values { body(value) }
      return
    }
    var end = start
    while end < topic.count, topic[end] != UInt8(ascii: "/") { end &+= 1 }
    let child = Self.child(in: nodes[node].children, UnsafeRawBufferPointer(rebasing: topic[start..<end]))
    if child >= 0 { visit(child, topic, from: end &+ 1, allowsWildcards: true, body) }
    let plus = nodes[node].plus
    if plus >= 0, allowsWildcards { visit(plus, topic, from: end &+ 1, allowsWildcards: true, body) }
  }

  /// The node of `level` among `children`, or -1.
  @inlinable
  static func child(in children: [Child], _ level: UnsafeRawBufferPointer) -> Int {
    guard !children.isEmpty else { return -1 }
    let wanted = hash(level)
    var index = lowerBound(in: children, wanted)
    while index < children.count, children[index].hash == wanted {
      if children[index].level.withUnsafeBytes({ $0.elementsEqual(level) }) { return children[index].node }
      index &+= 1
    }
    return -1
  }

  @inlinable
  static func lowerBound(in children: [Child], _ hash: UInt64) -> Int {
    var low = 0
    var high = children.count
    while low < high {
      let middle = (low &+ high) / 2
      if children[middle].hash < hash { low = middle &+ 1 } else { high = middle }
    }
    return low
  }

  /// FNV-1a.
  @inlinable
  static func hash(_ level: UnsafeRawBufferPointer) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in level { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    return hash
  }
}

extension TopicTrie: Sendable where Value: Sendable {}
extension TopicTrie.Node: Sendable where Value: Sendable {}
extension TopicTrie.Child: Sendable where Value: Sendable {}

extension TopicFilter {
  /// The most levels a filter in a trie may have.
  package static let maximumLevels = 128

  package var levelCount: Int { bytes.count { $0 == Topic.separator } + 1 }
}
