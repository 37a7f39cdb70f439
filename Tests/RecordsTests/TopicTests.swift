import Bytes
import Records
import Testing

@Suite struct TopicTests {
  @Test(
    arguments: [
      ("a plain topic", Array("plant/7/temp".utf8), nil),
      ("one level", Array("a".utf8), nil),
      ("empty levels", Array("//a//".utf8), nil),
      ("beyond ASCII", Array("Werk/Kühlung/°C".utf8), nil),
      ("nothing", [], TopicProblem.empty),
      ("a null character", Array("a\0b".utf8), .containsNull),
      ("a plus", Array("a/+/b".utf8), .containsWildcard),
      ("a hash", Array("a/#".utf8), .containsWildcard),
      ("a plus within a level", Array("a+b".utf8), .containsWildcard),
      ("a lone continuation byte", [0x61, 0x80], .notUTF8),
      ("a surrogate", [0xED, 0xA0, 0x80], .notUTF8),
      ("too long", [UInt8](repeating: 0x61, count: 65_536), .tooLong),
      ("as long as can be", [UInt8](repeating: 0x61, count: 65_535), nil),
    ] as [(String, [UInt8], TopicProblem?)])
  func `what a topic may be`(name: String, bytes: [UInt8], expected: TopicProblem?) {
    #expect(Topic.problem(with: bytes.span.bytes) == expected, "\(name)")
  }

  @Test(
    arguments: [
      ("a", nil), ("+", nil), ("#", nil), ("a/+/b", nil), ("a/#", nil), ("+/+/#", nil), ("/", nil), ("$forebay/#", nil),
      ("", TopicProblem.empty), ("a\0", .containsNull), ("a+", .misplacedWildcard), ("+a", .misplacedWildcard),
      ("a#", .misplacedWildcard), ("#/a", .misplacedWildcard), ("a/#/b", .misplacedWildcard),
      ("a/++", .misplacedWildcard),
    ] as [(String, TopicProblem?)])
  func `what a filter may be`(text: String, expected: TopicProblem?) {
    do {
      _ = try TopicFilter(text)
      #expect(expected == nil, "`\(text)`")
    } catch {
      #expect(error == expected, "`\(text)`")
    }
  }

  // The examples of MQTT 3.1.1 section 4.7, and what follows from its rules.
  @Test(arguments: [
    ("sport/tennis/player1/#", "sport/tennis/player1", true),
    ("sport/tennis/player1/#", "sport/tennis/player1/ranking", true),
    ("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true),
    ("sport/#", "sport", true),
    ("sport/tennis/+", "sport/tennis/player1", true),
    ("sport/tennis/+", "sport/tennis/player1/ranking", false),
    ("sport/+", "sport", false),
    ("sport/+", "sport/", true),
    ("+/+", "/finance", true),
    ("/+", "/finance", true),
    ("+", "/finance", false),
    ("#", "$SYS/monitor", false),
    ("+/monitor/Clients", "$SYS/monitor/Clients", false),
    ("$SYS/#", "$SYS/monitor", true),
    ("$SYS/monitor/+", "$SYS/monitor/Clients", true),
    ("#", "a/$b", true),
    ("a", "A", false),
    ("a/b", "a", false),
    ("a", "a/b", false),
    ("a/#", "ab", false),
    ("a//b", "a/b", false),
    ("a/+/b", "a//b", true),
    ("+/#", "a", true),
    ("a/+/#", "a", false),
    ("a/+/#", "a/b", true),
  ])
  func `filter and trie follow the standard`(filter text: String, topic: String, expected: Bool) throws {
    let filter = try TopicFilter(text)
    #expect(filter.matches(topic.utf8.span.bytes) == expected)
    var trie = TopicTrie<Int>()
    trie.insert(1, at: filter)
    var matches = 0
    trie.forEachMatch(topic.utf8.span.bytes) { _ in matches += 1 }
    #expect(matches == (expected ? 1 : 0))
  }
}
