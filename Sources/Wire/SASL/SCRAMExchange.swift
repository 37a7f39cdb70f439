import Bytes

/// The client's side of SCRAM (RFC 5802, RFC 7677): proves the password without showing it, and makes the server prove that
/// it knows it, too. Users and passwords are taken as they are, without the unifying of characters that look alike
/// (SASLprep). One value an authentication.
package struct SCRAMExchange: Sendable {
  package enum Failure: Error, Hashable, Sendable, CustomStringConvertible {
    /// Not what the protocol has at this place.
    case malformed
    /// The nonce is not ours: an answer to somebody else.
    case foreignNonce
    /// Fewer than are safe, or more than anybody uses: the server would have the gateway compute for minutes.
    case badIterationCount(Int)
    /// The server says so, in its words.
    case refused(String)
    /// The server does not know the password itself: it is not the one it pretends to be.
    case wrongSignature

    package var description: String {
      switch self {
      case .malformed: "what the server answered is not SCRAM"
      case .foreignNonce: "the server's answer belongs to somebody else's login"
      case .badIterationCount(let count): "the server asks for \(count) iterations; between 4096 and 1000000 are taken"
      case .refused(let words): "the server refuses the user or the password: \(words); set `user` and `password`"
      case .wrongSignature:
        "the server could not prove that it knows the password; is this the right server?"
      }
    }
  }

  package static let iterations = 4096...1_000_000

  private let hash: SHA2
  private let password: [UInt8]
  private let nonce: String
  private let firstBare: String
  private var expectedSignature: [UInt8]?

  /// - Parameter nonce: printable, without a comma, and never used before.
  package init?(_ mechanism: SASLMechanism, user: String, password: String, nonce: String) {
    guard let hash = mechanism.hash else { return nil }
    self.hash = hash
    self.password = Array(password.utf8)
    self.nonce = nonce
    let name = user.unicodeScalars.reduce(into: "") { text, scalar in
      switch scalar {
      case "=": text += "=3D"
      case ",": text += "=2C"
      default: text.unicodeScalars.append(scalar)
      }
    }
    firstBare = "n=\(name),r=\(nonce)"
  }

  package var firstMessage: [UInt8] { Array("n,,\(firstBare)".utf8) }

  /// The answer to what the server said to the first message.
  package mutating func finalMessage(_ serverFirst: [UInt8]) throws(Failure) -> [UInt8] {
    let text = String(decoding: serverFirst, as: UTF8.self)
    let fields = Self.fields(text)
    if let error = fields["e"] { throw .refused(error) }
    guard let serverNonce = fields["r"], let salt = fields["s"].flatMap({ Base64.decode($0) }),
      let iterations = fields["i"].flatMap({ Int($0) })
    else { throw .malformed }
    guard serverNonce.hasPrefix(nonce), serverNonce.utf8.count > nonce.utf8.count else { throw .foreignNonce }
    guard Self.iterations.contains(iterations) else { throw .badIterationCount(iterations) }
    let salted = hash.pbkdf2(password, salt: salt, iterations: iterations)
    let clientKey = hash.hmac(key: salted, Array("Client Key".utf8))
    let withoutProof = "c=biws,r=\(serverNonce)"
    let signed = Array("\(firstBare),\(text),\(withoutProof)".utf8)
    let signature = hash.hmac(key: hash.digest(of: clientKey), signed)
    let proof = zip(clientKey, signature).map { $0 ^ $1 }
    expectedSignature = hash.hmac(key: hash.hmac(key: salted, Array("Server Key".utf8)), signed)
    return Array("\(withoutProof),p=\(Base64.encode(proof))".utf8)
  }

  /// Checks the server's last message: only when it returns is the server the right one, and are we logged in.
  package func verify(_ serverFinal: [UInt8]) throws(Failure) {
    let fields = Self.fields(String(decoding: serverFinal, as: UTF8.self))
    if let error = fields["e"] { throw .refused(error) }
    guard let signature = fields["v"].flatMap({ Base64.decode($0) }) else { throw .malformed }
    guard let expectedSignature, signature == expectedSignature else { throw .wrongSignature }
  }

  /// `r=…,s=…,i=…`
  private static func fields(_ text: String) -> [String: String] {
    var fields: [String: String] = [:]
    for part in text.split(separator: ",") {
      let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if pair.count == 2 { fields[String(pair[0])] = String(pair[1]) }
    }
    return fields
  }
}
