/// Certificates of a test's own, made with openssl and valid for two days.
package final class Certificates {
  private let directory: TemporaryDirectory
  private let configuration: String

  package init(in directory: TemporaryDirectory) throws {
    self.directory = directory
    configuration = directory.path + "/openssl.conf"
    // Nothing of what the machine's own file may add.
    try writeFile(configuration, "[req]\ndistinguished_name = name\n[name]\n")
  }

  /// PEM files.
  package func certificate(_ name: String) -> String { "\(directory.path)/\(name).pem" }
  package func key(_ name: String) -> String { "\(directory.path)/\(name).key" }

  package func makeAuthority(_ name: String) throws {
    try make(name, ["-subj", "/CN=\(name)", "-addext", "basicConstraints=critical,CA:TRUE"])
  }

  /// - Parameters:
  ///   - name: the certificate's common name, and that of its files.
  ///   - hosts: whom it is for, such as `DNS:localhost`; none: a client's.
  package func make(_ name: String, by authority: String, hosts: [String] = []) throws {
    let names = hosts.isEmpty ? [] : ["-addext", "subjectAltName=\(hosts.joined(separator: ","))"]
    try make(
      name,
      ["-CA", certificate(authority), "-CAkey", key(authority), "-subj", "/CN=\(name)"] + names + [
        "-addext", "basicConstraints=critical,CA:FALSE",
      ])
  }

  private func make(_ name: String, _ options: [String]) throws {
    let words = [
      "req", "-x509", "-config", configuration, "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
      "-days", "2", "-keyout", key(name), "-out", certificate(name),
    ]
    let openssl = try TestProcess("openssl", words + options, in: directory)
    guard try openssl.wait() == 0 else { throw TestFailure("openssl: \(openssl.errors)") }
  }
}
