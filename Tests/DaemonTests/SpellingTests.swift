import Daemon
import Testing

struct SpellingTests {
  @Test(
    arguments: [
      ("gatway", "gateway"), ("maxConnectons", "maxConnections"), ("MaxPacket", "maxPacket"), ("lsiten", "listen"),
      ("daat", "data"),
      ("tpoic", nil), ("x", nil), ("completelyDifferent", nil), ("", nil),
    ] as [(String, String?)])
  func `the nearest name is found where it is near enough to be meant`(word: String, nearest: String?) {
    let known = ["gateway", "maxConnections", "maxPacket", "listen", "data"]
    #expect(Spelling.nearest(to: word, among: known) == nearest)
  }

  @Test func `without candidates there is none`() {
    #expect(Spelling.nearest(to: "a", among: []) == nil)
  }
}
