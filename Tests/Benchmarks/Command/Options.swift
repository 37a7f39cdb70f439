/// What the command line says.
struct Options: Sendable {
  /// Seconds instead of minutes: smaller data, fewer rounds, figures with more noise.
  private(set) var isQuick = false
  /// Where the data goes; nil: a fresh directory beneath the working directory.
  private(set) var directory: String?
  /// The parts to measure; empty: all.
  private(set) var only: [String] = []
  /// How large a log `fill` makes.
  private(set) var bytes = 1 << 30
  private(set) var asksForHelp = false

  static let help = [
    ("--quick", "seconds instead of minutes: smaller data, fewer rounds, more noise"),
    ("--directory DIR", "where the data goes, a disk and not a tmpfs (default: a fresh directory here)"),
    ("--only PART", "measure this part alone; may be repeated"),
    ("--bytes N", "for fill: how large a log to make (default: 1 GiB)"),
    ("-h, --help", "this text"),
  ]

  init(_ words: [String], for command: Command) throws(BenchmarkError) {
    var rest = words[...]
    while let word = rest.popFirst() {
      switch word {
      case "--quick": isQuick = true
      case "--directory": directory = try Self.value(of: word, &rest)
      case "--only":
        let part = try Self.value(of: word, &rest)
        guard command.parts.contains(part) else {
          throw .usage("\(command.name) has no part `\(part)`; it has \(command.parts.joined(separator: ", "))")
        }
        only.append(part)
      case "--bytes":
        let text = try Self.value(of: word, &rest)
        guard let count = Int(text), count > 0 else { throw .usage("--bytes takes a whole number, not `\(text)`") }
        bytes = count
      case "--help", "-h": asksForHelp = true
      default: throw .usage("there is no option `\(word)`; see `Benchmarks --help`")
      }
    }
  }

  func includes(_ part: String) -> Bool { only.isEmpty || only.contains(part) }

  private static func value(of option: String, _ rest: inout ArraySlice<String>) throws(BenchmarkError) -> String {
    guard let value = rest.popFirst() else { throw .usage("\(option) needs a value") }
    return value
  }
}
