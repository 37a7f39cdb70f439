/// Everything that is wrong with a configuration, each with its line: one round of mending, not ten.
package struct ConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
  /// As it was given; empty where there is no file.
  package let file: String
  package let problems: [Problem]

  package struct Problem: Hashable, Sendable {
    /// Counted from 1; 0: the file as a whole.
    package let line: Int
    /// The key, what is wrong with it, and what to write instead.
    package let message: String
  }

  /// More than this are only counted.
  package static let maximumProblems = 20

  /// One line a problem: `forebay.json5:4: …`.
  package var description: String {
    var lines = problems.prefix(Self.maximumProblems).map { problem in
      problem.line > 0 ? "\(file):\(problem.line): \(problem.message)" : "\(file): \(problem.message)"
    }
    let more = problems.count - lines.count
    if more > 0 { lines.append("\(file): … and \(more) more") }
    return lines.joined(separator: "\n")
  }
}
