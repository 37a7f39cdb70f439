import Bytes
import Support
import Testing

/// Vectors of FIPS 180-4, RFC 4231 and RFC 7914, and Base64 both ways.
struct SHA2Tests {
  @Test(arguments: [
    (SHA2.sha256, "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    (.sha256, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      .sha256, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    (
      .sha512, "abc",
      "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
    ),
    (
      .sha512,
      "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
      "8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018501d289e4900f7e4331b99dec4b5433ac7d329eeb6dd26545e96e55b874be909"
    ),
  ])
  func `a digest`(hash: SHA2, message: String, digest: String) {
    #expect(hash.digest(of: Array(message.utf8)) == hex(digest))
  }

  @Test func `messages of every length around a block`() {
    // The digest of all the digests, as Python's hashlib has it.
    let expected = [
      SHA2.sha256: "e8e4a8cfe049153f6f930f2156161a5b19bb9b3dc4b698c20e4d44a29d7f9526",
      .sha512:
        "b0252e29bae50b5a42c84d684a695d3ce9eb9f45564b98f09503ce01bcdc907c14d2fad620cea072e46915da1321a945dee073b717b9c105a6a57beb402eddc5",
    ]
    for (hash, digest) in expected {
      let digests = (0...300).flatMap { hash.digest(of: [UInt8](repeating: 0x61, count: $0)) }
      #expect(hash.digest(of: digests) == hex(digest))
    }
    #expect(
      SHA2.sha256.digest(of: [UInt8](repeating: 0x61, count: 1_000_000))
        == hex("cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"))
  }

  @Test(arguments: [
    (SHA2.sha256, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
    (
      .sha512,
      "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"
    ),
  ])
  func `an authentication code`(hash: SHA2, code: String) {
    #expect(hash.hmac(key: Array("Jefe".utf8), Array("what do ya want for nothing?".utf8)) == hex(code))
  }

  @Test func `a key from a password`() {
    let key = SHA2.sha256.pbkdf2(Array("passwd".utf8), salt: Array("salt".utf8), iterations: 1)
    #expect(key == hex("55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"))
  }

  @Test(arguments: ["", "f", "fo", "foo", "foob", "fooba", "foobar"]) func `Base64 there and back`(text: String) {
    let texts = ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"]
    #expect(Base64.encode(Array(text.utf8)) == texts[text.utf8.count])
    #expect(Base64.decode(texts[text.utf8.count]) == Array(text.utf8))
  }

  @Test(arguments: ["Z", "Zg", "Zg=", "Zg===", "Zm9v!m9v", "====", "Z=g="]) func `what is no Base64`(text: String) {
    #expect(Base64.decode(text) == nil)
  }
}
