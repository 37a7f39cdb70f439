import Mosquitto
import Testing
import Uplink

struct MQTTDialectTests {
  /// How one connection after the other ends, and which version the next one tries. `t`: it is taken and used; `r`: the broker
  /// refuses the version; `.`: it ends without a word.
  @Test(arguments: [
    ("a broker of today", "t", "5"), ("a broker of old that says so", "rt", "33"),
    ("a broker of old that says nothing", ".t.t", "3533"), ("and whose line breaks", ".t.t.", "35335"),
    ("a broker that is not there yet behind a balancer", "...t", "3535"),
    ("a balancer whose broker comes between", ".tt...", "355555"), ("a line that breaks", "t.....", "555555"),
    ("a broker of old that has been replaced", "rt.t..", "335555"),
  ])
  func `3.1.1 is spoken only with a broker that knows no better`(name: String, ends: String, versions: String) {
    var dialect = MQTTDialect()
    var tried = ""
    for end in ends {
      switch end {
      case "t": _ = dialect.accepted()
      case "r": dialect.refused()
      default: dialect.endedWithoutAWord()
      }
      tried += dialect.version == .v5 ? "5" : "3"
    }
    #expect(tried == versions, "\(name)")
  }

  @Test func `a connection in 3.1.1 that is only a try is not used`() {
    var dialect = MQTTDialect()
    dialect.endedWithoutAWord()
    let isFirstUsed = dialect.accepted()
    dialect.endedWithoutAWord()
    let isSecondUsed = dialect.accepted()
    #expect(!isFirstUsed && isSecondUsed)
  }
}
