/// An address to listen at, as the configuration has it: `0.0.0.0:1883`, `[::]:1883`, `localhost:0`.
enum ListenAddress {
  /// What to write in place of `address`, or nil where it has the right form. Whether the machine has it is seen later.
  static func problem(_ address: String) -> String? {
    isWellFormed(address) ? nil : "write an address and a port: \"0.0.0.0:1883\" or \"[::]:1883\""
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
    guard !address.isEmpty, let problem = ListenAddress.problem(address) else { return }
    reject(key, "is \"\(address)\"; \(problem)")
  }
}
