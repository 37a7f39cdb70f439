/// What OpenSSL's and libmosquitto's log lines about TLS mean, and what to do about it.
enum TLSComplaint {
  /// The first of these that is in a line says the most.
  private static let meanings: [(fragment: String, words: String)] = [
    ("host name verification failed", "the broker's certificate is not for `host`; write the name there that it has"),
    ("key values mismatch", "`tls.key` is not the key of `tls.certificate`"),
    ("Unable to load client key", "`tls.key` is no key in PEM"),
    ("Unable to load client certificate", "`tls.certificate` is no certificate in PEM"),
    ("Unable to load CA certificates", "`tls.ca` has no certificates in PEM"),
    (
      "certificate verify failed",
      "the broker's certificate is by no authority in `tls.ca` (or the system's), or not valid at this box's time"
    ),
    ("alert certificate required", "the broker wants a certificate; set `tls.certificate` and `tls.key`"),
    ("alert unknown ca", "the broker does not know the authority that `tls.certificate` is by; use one that it knows"),
    ("alert certificate expired", "the broker finds `tls.certificate` out of date; renew it"),
    ("certificate", "the broker does not take `tls.certificate`; its log says why"),
    ("alert handshake failure", "the broker does not agree to this TLS; it may want `tls.certificate` and `tls.key`"),
    ("protocol version", "the broker speaks no TLS of today; 1.2 is the oldest that will do"),
    ("unsupported protocol", "the broker speaks no TLS of today; 1.2 is the oldest that will do"),
    ("wrong version number", "what answers there speaks no TLS; look at `port`"),
    ("unexpected eof", "the connection ended in the middle of the handshake; look whether `port` is one with TLS"),
  ]

  /// Nil where there are none.
  static func words(_ lines: [String]) -> String? {
    for (fragment, words) in meanings where lines.contains(where: { $0.contains(fragment) }) { return words }
    return lines.isEmpty ? nil : lines.joined(separator: "; ")
  }
}
