/// Why nothing, or nothing more, is measured.
enum BenchmarkError: Error, CustomStringConvertible {
  /// A mistake on the command line.
  case usage(String)
  /// What was to be measured cannot be: what is wrong and what to do about it.
  case cannotMeasure(String)
  /// SIGINT or SIGTERM.
  case interrupted

  var description: String {
    switch self {
    case .usage(let text), .cannotMeasure(let text): text
    case .interrupted: "interrupted; the data is removed"
    }
  }

  /// For scripts; those of the program where it has one.
  var exitCode: Int32 {
    switch self {
    case .usage: 64
    case .cannotMeasure: 74
    case .interrupted: 130
    }
  }
}
