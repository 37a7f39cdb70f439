import Mosquitto
import Platform

/// How a broker is reached: the keys that broker subscriptions and MQTT uplinks have in common.
struct BrokerSettings {
  var host: String
  var port: Int
  var user: String?
  var password: String?
  var clientID: String?
  var tls: TLSConfiguration?
  var keepAliveSeconds: Int

  /// `host: "10.0.0.5", port: 8883, user: "edge", passwordFile: "/run/credentials/mqtt", tls: { ca: "/etc/ca.pem" }`
  init(_ section: ConfigurationSection) {
    host = section.requiredString("host", example: "mqtt.example.com")
    tls = section.section("tls").map(TLSConfiguration.init)
    // The registered ports of MQTT, without and with TLS.
    port = section.integer("port", in: 1...65_535, default: tls == nil ? 1883 : 8883)
    user = section.string("user")
    password = section.password()
    if password != nil, user == nil { section.reject("user", "is missing beside a password; write user: \"…\"") }
    clientID = section.string("clientID")
    keepAliveSeconds = section.duration("keepAlive", in: 5_000...3_600_000, default: 30_000) / 1000
  }
}

extension TLSConfiguration {
  /// `{ ca: "/etc/ca.pem", certificate: "/etc/me.pem", key: "/etc/me.key" }`; `{}`: the system's certificates.
  fileprivate init(_ section: ConfigurationSection) {
    self.init()
    ca = section.readableFile("ca")
    certificate = section.readableFile("certificate")
    key = section.readableFile("key")
    if section.has("certificate") != section.has("key") {
      let missing = section.has("key") ? "certificate" : "key"
      section.reject(missing, "is missing; a client's `certificate` and `key` go together")
    }
    section.finish()
  }
}

extension ConfigurationSection {
  /// `password`, or the first line of the file that `passwordFile` names.
  func password() -> String? {
    let inline = string("password")
    guard has("passwordFile") else { return inline }
    if has("password") { reject("passwordFile", "stands beside `password`; keep one of the two") }
    guard let path = string("passwordFile") else { return inline }
    do {
      let bytes = try FileSystem.read(path, limit: 4096)
      let line = bytes.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
      if line.isEmpty { reject("passwordFile", "names \(path), whose first line is empty; write the password there") }
      return String(decoding: line, as: UTF8.self)
    } catch {
      reject("passwordFile", "names \(path), which cannot be read: \(error.reason); name a file the daemon may read")
      return nil
    }
  }

  /// The path of a file that is there and may be read.
  fileprivate func readableFile(_ key: String) -> String? {
    guard let path = string(key) else { return nil }
    if !FileSystem.isReadable(path) {
      reject(key, "names \(path), which cannot be read; name a file (PEM) the daemon may read")
    }
    return path
  }
}
