import Platform

/// The programs that are measured, and those that they are measured with: where they are, or what to do about it.
enum Programs {
  /// The daemon, which is built beside this program.
  static func daemon() throws -> String {
    let path =
      String(
        CurrentProcess.executablePath.split(separator: "/", omittingEmptySubsequences: false)
          .dropLast().joined(separator: "/")) + "/forebay"
    guard FileSystem.exists(path) else {
      throw BenchmarkError.cannotMeasure("there is no \(path); build it first: swift build -c release")
    }
    return path
  }

  /// Nil where it is not installed.
  static var mosquitto: String? { first("mosquitto") }

  /// A program of the system's.
  static func find(_ name: String) throws -> String {
    guard let path = first(name) else { throw missing("`\(name)` is not installed") }
    return path
  }

  /// Debian keeps servers out of a user's PATH.
  private static func first(_ name: String) -> String? {
    ["/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin", "/sbin", "/bin"].map { "\($0)/\(name)" }
      .first(where: FileSystem.exists)
  }

  /// Of a Python with the packages that the tests need.
  static func python() throws -> String {
    let path = sourceRoot + ".build/peers/bin/python"
    guard FileSystem.exists(path) else { throw missing("the Python packages of the tests are not installed") }
    return path
  }

  /// A source file of this program's.
  static func source(_ name: String) -> String { sourceRoot + "Tests/Benchmarks/" + name }

  private static let sourceRoot = String("\(#filePath)".dropLast("Tests/Benchmarks/Programs/Programs.swift".count))

  static func missing(_ what: String) -> BenchmarkError {
    .cannotMeasure("\(what); Tests/run.sh installs what is needed: run it first")
  }

  /// Writes a new file.
  /// - Returns: `path`.
  static func write(_ text: String, to path: String) throws -> String {
    let file = try LocalDisk().open(path, .create)
    try file.write(Array(text.utf8).span.bytes, at: 0)
    return path
  }
}
