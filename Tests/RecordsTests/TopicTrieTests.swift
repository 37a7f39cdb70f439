import Bytes
import Records
import Support
import Testing

@Suite struct TopicTrieTests {
  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func `the trie agrees with every filter by itself, while filters come and go`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var trie = TopicTrie<Int>()
    var present: [(filter: TopicFilter, value: Int)] = []
    for value in 0..<200 {
      if !present.isEmpty, random.oneIn(3) {
        let gone = present.remove(at: random.below(present.count))
        let isRemoved = trie.remove(gone.value, at: gone.filter)
        let isRemovedTwice = trie.remove(gone.value, at: gone.filter)
        #expect(isRemoved && !isRemovedTwice)
      } else {
        let filter = try TopicFilter(makeFilter(&random))
        let isInserted = trie.insert(value, at: filter)
        let isInsertedTwice = trie.insert(value, at: filter)
        #expect(isInserted && !isInsertedTwice)
        present.append((filter, value))
      }
      #expect(trie.count == present.count)
      let topic = makeTopic(&random)
      var matches: [Int] = []
      trie.forEachMatch(topic.utf8.span.bytes) { matches.append($0) }
      let expected = present.filter { $0.filter.matches(topic.utf8.span.bytes) }.map(\.value)
      #expect(matches.sorted() == expected.sorted(), "seed \(seed), topic `\(topic)`, filters \(present.map(\.filter))")
    }
    for (filter, value) in present { trie.remove(value, at: filter) }
    #expect(trie.isEmpty)
    #expect(trie.nodeCount == 1)
  }

  private func makeLevel(_ random: inout SeededGenerator) -> String {
    ["", "a", "b", "ab", "$a", "ü"][random.below(6)]
  }

  private func makeTopic(_ random: inout SeededGenerator) -> String {
    let topic = (0...random.below(4)).map { _ in makeLevel(&random) }.joined(separator: "/")
    return topic.isEmpty ? "a" : topic
  }

  private func makeFilter(_ random: inout SeededGenerator) -> String {
    var levels = (0...random.below(4)).map { _ in random.oneIn(3) ? "+" : makeLevel(&random) }
    if random.oneIn(3) { levels.append("#") }
    let filter = levels.joined(separator: "/")
    return filter.isEmpty ? "#" : filter
  }

  @Test func `removing a filter prunes the levels it alone needed`() throws {
    var trie = TopicTrie<Int>()
    let short = try TopicFilter("a/b")
    let long = try TopicFilter("a/b/+/d/#")
    trie.insert(1, at: short)
    trie.insert(2, at: long)
    #expect(trie.nodeCount == 5)
    trie.remove(2, at: long)
    #expect(trie.nodeCount == 3)
    trie.remove(1, at: short)
    #expect(trie.nodeCount == 1)
  }

  @Test func `a value at several matching filters comes once for each`() throws {
    var trie = TopicTrie<Int>()
    for text in ["a/#", "a/+", "a/b", "+/b", "x"] { trie.insert(7, at: try TopicFilter(text)) }
    var matches: [Int] = []
    trie.forEachMatch("a/b".utf8.span.bytes) { matches.append($0) }
    #expect(matches == [7, 7, 7, 7])
  }

  @Test func `a filter of too many levels is refused, a topic of many levels is not`() throws {
    var trie = TopicTrie<Int>()
    let longest = [String](repeating: "+", count: TopicFilter.maximumLevels).joined(separator: "/")
    let longestFilter = try TopicFilter(longest)
    let tooLongFilter = try TopicFilter(longest + "/+")
    let isLongestInserted = trie.insert(1, at: longestFilter)
    let isTooLongInserted = trie.insert(1, at: tooLongFilter)
    #expect(isLongestInserted && !isTooLongInserted)
    trie.insert(2, at: try TopicFilter("#"))
    var matches: [Int] = []
    trie.forEachMatch(String(repeating: "/", count: 65_535).utf8.span.bytes) { matches.append($0) }
    #expect(matches == [2])
  }
}
