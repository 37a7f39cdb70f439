/// An address to listen at, as the configuration has it: `0.0.0.0:1883`, `[::]:1883`, `localhost:0`.
enum AddressText {
  /// What to write in place of `address`, or nil where it has the right form. Whether the machine has it is seen later.
  static func problem(_ address: String) -> String? {
    isWellFormed(address) ? nil : "write an address and a port: \"0.0.0.0:1883\" or \"[::]:1883\""
  }

  /// The same where a Unix socket will do, too: `unix:/run/forebay/mqtt.sock`.
  static func problemWithStream(_ address: String) -> String? {
    if address.hasPrefix("unix:/"), address.utf8.count > 6 { return nil }
    return isWellFormed(address)
      ? nil
      : "write an address and a port, or a Unix socket: \"0.0.0.0:1883\", \"[::]:1883\", \"unix:/run/forebay/mqtt.sock\""
  }

  private static func isWellFormed(_ address: String) -> Bool {
    guard let colon = address.lastIndex(of: ":") else { return false }
    let host = address[..<colon]
    let port = address[address.index(after: colon)...]
    let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    guard port.utf8.allSatisfy({ digits.contains($0) }), UInt16(port) != nil else { return false }
    return host.hasPrefix("[") ? host.hasSuffix("]") && host.count > 2 : !host.isEmpty && !host.contains(":")
  }
}

extension ConfigurationSection {
  /// Reports an address of the wrong form. An empty one has been reported already.
  func checkAddress(_ key: String, _ address: String) {
    guard !address.isEmpty, let problem = AddressText.problem(address) else { return }
    reject(key, "is \"\(address)\"; \(problem)")
  }
}
