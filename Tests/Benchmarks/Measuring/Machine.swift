import Glibc
import Platform

/// What a figure was measured on: without it a figure says little.
enum Machine {
  static var processors: Int { sysconf(Int32(_SC_NPROCESSORS_ONLN)) }

  static func description(directory: String) -> String {
    var system = utsname()
    uname(&system)
    let release = withUnsafeBytes(of: &system.release) { text(of: $0) }
    let architecture = withUnsafeBytes(of: &system.machine) { text(of: $0) }
    let (device, type) = fileSystem(of: directory)
    return
      "Linux \(release) \(architecture), \(processors) processors; data on \(device) (\(type))"
  }

  /// What the file system at `path`, a full path, is on, and its type: `ext4`.
  static func fileSystem(of path: String) -> (device: String, type: String) {
    let mounts = (try? FileSystem.read("/proc/self/mounts")).map { String(decoding: $0, as: UTF8.self) } ?? ""
    var best = (length: -1, device: "unknown", type: "unknown")
    for line in mounts.split(separator: "\n") {
      let fields = line.split(separator: " ").map(String.init)
      guard fields.count >= 3, path.hasPrefix(fields[1]), fields[1].count >= best.length else { continue }
      best = (fields[1].count, fields[0], fields[2])
    }
    return (best.device, best.type)
  }

  private static func text(of bytes: UnsafeRawBufferPointer) -> String {
    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }
}
