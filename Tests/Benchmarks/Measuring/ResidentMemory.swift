import Platform

/// How much memory the process has in use, as the kernel counts it (/proc/self/status).
enum ResidentMemory {
  /// Bytes now.
  static func current() throws -> Int { try read("VmRSS:") }

  /// The most it has been, in bytes.
  static func peak() throws -> Int { try read("VmHWM:") }

  private static func read(_ key: String) throws -> Int {
    let status = String(decoding: try FileSystem.read("/proc/self/status"), as: UTF8.self)
    for line in status.split(separator: "\n") where line.hasPrefix(key) {
      if let kibibytes = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap({ Int($0) })
      {
        return kibibytes << 10
      }
    }
    throw BenchmarkError.cannotMeasure("/proc/self/status has no \(key)")
  }
}
