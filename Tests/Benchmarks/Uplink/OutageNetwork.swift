import Glibc
import Platform

/// The network of a namespace that this program has been started in: a loopback, which is down at first.
struct OutageNetwork {
  private let ip: String
  private let directory: String
  private var changes = 0

  /// For unshare(1): who is not root becomes it in a namespace of users.
  static var options: [String] { getuid() == 0 ? ["--net"] : ["--user", "--map-root-user", "--net"] }

  /// - Parameter directory: where what `ip` says goes.
  init(directory: String) throws {
    ip = try Programs.find("ip")
    self.directory = directory
  }

  /// Brings up the loopback.
  mutating func begin() throws { try call("ip", ip, "link", "set", "lo", "up") }

  /// Cuts the line, or sets it up again; done on return.
  mutating func set(_ kind: OutageCut.Kind, isUp: Bool) throws {
    switch kind {
    case .link: try call("ip", ip, "link", "set", "lo", isUp ? "up" : "down")
    case .silent:
      // A queue that drops everything and says that it was sent.
      let tc = try Programs.find("tc")
      try call("tc", tc, "qdisc", isUp ? "del" : "add", "dev", "lo", "root", "blackhole")
    }
  }

  private mutating func call(_ name: String, _ command: String...) throws {
    changes += 1
    try RunningProgram(name, command, journal: "\(directory)/\(name)-\(changes)").waitForSuccess()
  }
}
