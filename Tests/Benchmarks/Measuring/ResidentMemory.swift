import Platform

/// How much memory a process has in use, as the kernel counts it (/proc/PID/status).
enum ResidentMemory {
  /// Bytes now.
  /// - Parameter process: nil for this one.
  static func current(of process: Int? = nil) throws -> Int { try read("VmRSS:", process.map { "\($0)" } ?? "self") }

  /// The most it has been, in bytes.
  static func peak() throws -> Int { try read("VmHWM:", "self") }

  private static func read(_ key: String, _ process: String) throws -> Int {
    let status = String(decoding: try FileSystem.read("/proc/\(process)/status"), as: UTF8.self)
    for line in status.split(separator: "\n") where line.hasPrefix(key) {
      if let kibibytes = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap({ Int($0) })
      {
        return kibibytes << 10
      }
    }
    throw BenchmarkError.cannotMeasure("/proc/\(process)/status has no \(key)")
  }
}
