import Daemon
import Platform

/// The arguments of one command, checked against what it takes.
struct Arguments: Sendable {
  private(set) var positionals: [String] = []
  private var values: [String: [String]] = [:]
  /// `--help` was among them; nothing else has been checked then.
  private(set) var asksForHelp = false

  /// Reads `--name value`, `--name=value`, `-n value`, flags, `--` and what stands alone.
  init(_ words: [String], for command: Command) throws(CommandError) {
    if words.prefix(while: { $0 != "--" }).contains(where: { $0 == "--help" || $0 == "-h" }) {
      asksForHelp = true
      return
    }
    var rest = words[...]
    while let word = rest.popFirst() {
      if word == "--" {
        positionals += rest
        break
      }
      guard word.hasPrefix("-"), word != "-" else {
        positionals.append(word)
        continue
      }
      try readOption(word, &rest, command)
    }
    try checkPositionals(command)
  }

  private mutating func readOption(
    _ word: String, _ rest: inout ArraySlice<String>, _ command: Command
  ) throws(CommandError) {
    let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let isLong = word.hasPrefix("--")
    let name = isLong ? parts[0] : word
    guard let option = command.options.first(where: { $0.name == name || $0.short == name }) else {
      throw .usage("\(command.name) has no option \(name); \(remedy(name, command))")
    }
    let attached = isLong && parts.count == 2 ? parts[1] : nil
    guard let placeholder = option.value else {
      if attached != nil { throw .usage("\(option.name) takes no value") }
      values[option.name, default: []].append("")
      return
    }
    guard let value = attached ?? rest.popFirst() else {
      throw .usage("\(option.name) needs a value: \(option.name) \(placeholder)")
    }
    values[option.name, default: []].append(value)
  }

  private func remedy(_ name: String, _ command: Command) -> String {
    let known = command.options.map(\.name) + ["--help"]
    let nearest = Spelling.nearest(to: name, among: known)
    return nearest.map { "did you mean \($0)?" } ?? "see `forebay \(command.name) --help`"
  }

  private func checkPositionals(_ command: Command) throws(CommandError) {
    if let missing = command.positionals.dropFirst(positionals.count).first(where: \.isRequired) {
      throw .usage("\(command.name) needs \(missing.name): \(missing.help); see `forebay \(command.name) --help`")
    }
    let takesMore = command.positionals.last?.repeats ?? false
    if !takesMore, positionals.count > command.positionals.count {
      let extra = positionals[command.positionals.count]
      throw .usage("\(command.name) does not take `\(extra)`; see `forebay \(command.name) --help`")
    }
  }

  /// Whether the flag was given.
  func has(_ name: String) -> Bool { values[name] != nil }

  /// The option's value; the last where it was given more than once.
  func value(_ name: String) -> String? { values[name]?.last }

  /// Every value of an option that may repeat, in order.
  func allValues(_ name: String) -> [String] { values[name] ?? [] }

  /// The option's value as a whole number in `range`.
  func integer(_ name: String, in range: ClosedRange<Int> = 0...Int.max) throws(CommandError) -> Int? {
    guard let text = value(name) else { return nil }
    guard let number = Int(text), range.contains(number) else {
      let limits =
        range.upperBound == .max ? "of at least \(range.lowerBound)" : "from \(range.lowerBound) to \(range.upperBound)"
      throw .usage("\(name) takes a whole number \(limits), not `\(text)`")
    }
    return number
  }

  /// The data directory the command is about: `--data`, or where one is found.
  var dataDirectory: String {
    value("--data") ?? DataDirectory.find()
  }
}
