import Support
import Testing

/// Mutual TLS with a real mosquitto that knows a client by its certificate.
@Suite(.timeLimit(.minutes(5))) struct MutualTLSTests {
  private let directory = TemporaryDirectory()
  private let certificates: Certificates
  private let broker: MosquittoBroker
  private let securePort = freePort()

  init() throws {
    certificates = try Certificates(in: directory)
    for authority in ["ours", "theirs"] { try certificates.makeAuthority(authority) }
    try certificates.make("broker", by: "ours", hosts: ["DNS:localhost"])
    try certificates.make("edge", by: "ours")
    try certificates.make("stranger", by: "theirs")
    // Only whom the certificate names may write what is forwarded.
    try writeFile(directory.path + "/acl", "topic read #\ntopic write line/#\nuser edge\ntopic readwrite #\n")
    broker = try MosquittoBroker(
      in: directory,
      options: [
        "acl_file \(directory.path)/acl", "listener \(securePort) 127.0.0.1",
        "cafile \(certificates.certificate("ours"))",
        "certfile \(certificates.certificate("broker"))", "keyfile \(certificates.key("broker"))",
        "require_certificate true", "use_identity_as_username true",
      ])
  }

  /// Members of a section `tls`.
  private func tls(ca: String = "ours", _ certificate: String? = "edge", key: String? = nil) -> String {
    let mine = certificate.map {
      #", certificate: "\#(certificates.certificate($0))", key: "\#(certificates.key(key ?? $0))""#
    }
    return #"{ ca: "\#(certificates.certificate(ca))"\#(mine ?? "") }"#
  }

  /// One uplink, over a line of its own.
  private struct Attempt {
    let name: String
    let host: String
    let tls: String
    let line: LinkProxy
    /// What `forebay status` says; nil: it works.
    let words: String?
  }

  private func attempt(
    _ name: String, host: String = "localhost", _ tls: String, to port: Int? = nil, words: String?
  ) throws -> Attempt {
    Attempt(name: name, host: host, tls: tls, line: try LinkProxy(to: port ?? securePort), words: words)
  }

  @Test func `what is not as it should be fails in words, and nothing is ever said in the open`() throws {
    for name in [certificates.key("nonsense"), certificates.certificate("nonsense")] {
      try writeFile(name, "nonsense\n")
    }
    let attempts = [
      try attempt("right", tls(), words: nil),
      try attempt("other-authority", tls(ca: "theirs"), words: "is by no authority in `tls.ca`"),
      try attempt("other-host", host: "127.0.0.1", tls(), words: "is not for `host`"),
      try attempt("no-certificate", tls(nil), words: "the broker wants a certificate; set `tls.certificate`"),
      try attempt("stranger", tls("stranger"), words: "does not know the authority that `tls.certificate` is by"),
      try attempt("other-key", tls(key: "stranger"), words: "`tls.key` is not the key of `tls.certificate`"),
      try attempt("no-key", tls(key: "nonsense"), words: "`tls.key` is no key in PEM"),
      try attempt("no-tls", tls(), to: broker.port, words: "look whether `port` is one with TLS"),
      try attempt("mute", tls(), words: ""),
    ]
    attempts.last?.line.become(.mute)
    try broker.subscribePersistently("plant/#", as: "reader")
    let uplinks = attempts.map {
      """
      { name: "\($0.name)", topics: ["plant/#"],
        mqtt: { host: "\($0.host)", port: \($0.line.port), tls: \($0.tls), user: "u", password: "secret" } }
      """
    }
    let forebay = try ForebayProcess("uplinks: [\(uplinks.joined(separator: ",\n"))]", in: directory)
    try forebay.publish(300)
    for attempt in attempts {
      try waitUntil(seconds: 15, "\(attempt.name); \(forebay.errors)") {
        let uplink = try forebay.uplink(attempt.name)
        guard let words = attempt.words else { return uplink.lag == 0 }
        #expect(uplink.lag == 300, "\(attempt.name)")
        return uplink.lastError.contains(words)
      }
      // Those whose own files are of no use say nothing at all.
      try waitUntil(seconds: 5, attempt.name) {
        attempt.name.hasSuffix("-key") || !attempt.line.openings.joined().isEmpty
      }
      for opening in attempt.line.openings where !opening.isEmpty {
        // A TLS record with a ClientHello in it.
        #expect(opening.starts(with: [0x16, 0x03]) && opening.dropFirst(5).first == 1, "\(attempt.name)")
        let text = String(decoding: opening, as: UTF8.self)
        for secret in ["secret", "plant/", "message"] { #expect(!text.contains(secret), "\(attempt.name)") }
      }
    }
    try forebay.stop()
    let reader = try broker.receive("plant/#", as: "reader")
    try waitUntil("the messages") { reader.output.split(separator: "\n").count == 300 }
  }

  @Test func `a subscription needs the right certificates, too`() throws {
    let subscriptions = [("right", tls()), ("other-authority", tls(ca: "theirs")), ("stranger", tls("stranger"))].map {
      #"{ name: "\#($0)", host: "localhost", port: \#(securePort), topics: ["line/\#($0)"], tls: \#($1) }"#
    }
    let forebay = try ForebayProcess(mqtt: "subscribe: [\(subscriptions.joined(separator: ",\n"))]", in: directory)
    try waitUntil("the subscription and the words; \(forebay.errors)") {
      let errors = forebay.errors
      return errors.contains("subscription right: subscribed")
        && errors.contains("the broker's certificate is by no authority in `tls.ca`")
        && errors.contains("the broker does not know the authority that `tls.certificate` is by")
    }
    try broker.publish(["m"], to: "line/right")
    try waitUntil("the message") { try forebay.command("query", "line/#").contains("line/right") }
    try forebay.stop()
  }
}
