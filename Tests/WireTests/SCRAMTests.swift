import Bytes
import Testing
import Wire

/// SCRAM with the example of RFC 7677, and servers that are not what they pretend to be.
struct SCRAMTests {
  private static let nonce = "rOprNGfwEbeRWgbNEkqO"
  private static let serverFirst =
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"

  private func exchange(_ user: String = "user") throws -> SCRAMExchange {
    try #require(SCRAMExchange(.scramSHA256, user: user, password: "pencil", nonce: Self.nonce))
  }

  @Test func `the example of the standard`() throws {
    var exchange = try exchange()
    #expect(exchange.firstMessage == Array("n,,n=user,r=rOprNGfwEbeRWgbNEkqO".utf8))
    let final = try exchange.finalMessage(Array(Self.serverFirst.utf8))
    #expect(
      String(decoding: final, as: UTF8.self)
        == "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")
    try exchange.verify(Array("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=".utf8))
    #expect(throws: SCRAMExchange.Failure.wrongSignature) {
      try exchange.verify(Array("v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=".utf8))
    }
    #expect(throws: SCRAMExchange.Failure.refused("unknown-user")) { try exchange.verify(Array("e=unknown-user".utf8)) }
    #expect(throws: SCRAMExchange.Failure.malformed) { try exchange.verify([]) }
  }

  @Test(arguments: [
    ("r=other,s=W22Z,i=4096", SCRAMExchange.Failure.foreignNonce),
    ("r=rOprNGfwEbeRWgbNEkqO,s=W22Z,i=4096", .foreignNonce),
    ("r=rOprNGfwEbeRWgbNEkqOx,s=W22Z,i=4095", .badIterationCount(4095)),
    ("r=rOprNGfwEbeRWgbNEkqOx,s=W22Z,i=999999999", .badIterationCount(999_999_999)),
    ("r=rOprNGfwEbeRWgbNEkqOx,s=???,i=4096", .malformed), ("", .malformed), ("e=other-error", .refused("other-error")),
  ])
  func `a server that is none`(message: String, failure: SCRAMExchange.Failure) throws {
    var exchange = try exchange()
    #expect(throws: failure) { try exchange.finalMessage(Array(message.utf8)) }
    // Without a first message there is nothing to compare with.
    #expect(throws: SCRAMExchange.Failure.wrongSignature) { try exchange.verify(Array("v=AAAA".utf8)) }
  }

  @Test func `a name may have commas and letters of any language`() throws {
    #expect(try exchange("a,b=ü").firstMessage == Array("n,,n=a=2Cb=3Dü,r=rOprNGfwEbeRWgbNEkqO".utf8))
    #expect(SCRAMExchange(.plain, user: "u", password: "p", nonce: "n") == nil)
  }
}
