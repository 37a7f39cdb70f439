import Daemon

/// The text of `--help`.
enum Help {
  /// Of the program.
  static func overview(_ commands: [Command]) -> String {
    let width = commands.map(\.name.utf8.count).max() ?? 0
    let list = commands.map { "  \(padded($0.name, width))   \($0.summary)" }
    let codes = ExitCode.allCases.map { "  \(padded(String($0.rawValue), 3)) \($0.meaning)" }
    let parts =
      [
        "forebay: holds telemetry safely on a gateway and lets it through",
        "",
        "Usage: forebay COMMAND [OPTION...]",
        "",
        "Commands:",
      ] + list + [
        "",
        "  forebay COMMAND --help   what a command takes, with examples",
        "  forebay --version        which version this is",
        "",
        "Try it:",
        "  forebay run --demo       MQTT on 1883, UDP on 5510, devices that make something up",
        "",
        "Exit codes:",
      ] + codes
    return parts.joined(separator: "\n")
  }

  /// Of one command.
  static func text(for command: Command) -> String {
    var parts = ["forebay \(command.name): \(command.summary)", "", "Usage: \(usage(of: command))"]
    parts += command.details.flatMap { ["", wrapped($0, indent: 0)] }
    if !command.positionals.isEmpty {
      parts += ["", "Arguments:"] + table(command.positionals.map { ($0.name, $0.help) })
    }
    let options = command.options.map { (label(of: $0), $0.help) } + [("-h, --help", "this text")]
    parts += ["", "Options:"] + table(options)
    if !command.examples.isEmpty {
      parts += ["", "Examples:"] + command.examples.flatMap { ["  \($0.line)", "      \($0.purpose)"] }
    }
    return parts.joined(separator: "\n")
  }

  /// Of the commands that begin with the same word.
  static func group(_ word: String, _ commands: [Command]) -> String {
    let list = table(commands.map { ($0.name, $0.summary) })
    return (["Usage: forebay \(word) COMMAND [OPTION...]", "", "Commands:"] + list).joined(separator: "\n")
  }

  private static func usage(of command: Command) -> String {
    let options = command.options.map { option in "[\(option.name)\(option.value.map { " \($0)" } ?? "")]" }
    let positionals = command.positionals.map { positional in
      (positional.isRequired ? positional.name : "[\(positional.name)]") + (positional.repeats ? "..." : "")
    }
    return (["forebay \(command.name)"] + options + positionals).joined(separator: " ")
  }

  private static func label(of option: Command.Option) -> String {
    (option.short.map { "\($0), " } ?? "") + option.name + (option.value.map { " \($0)" } ?? "")
  }

  private static func table(_ rows: [(String, String)]) -> [String] {
    let width = min(rows.map(\.0.utf8.count).max() ?? 0, 28)
    return rows.map { label, help in
      let text = wrapped(help, indent: width + 5)
      return "  \(padded(label, width))   \(text)"
    }
  }

  private static func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }

  /// Breaks `text` so that it fits into 96 columns, lines after the first indented.
  private static func wrapped(_ text: String, indent: Int) -> String {
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ") {
      if !line.isEmpty, indent + line.count + 1 + word.count > 96 {
        lines.append(line)
        line = ""
      }
      line += line.isEmpty ? String(word) : " \(word)"
    }
    lines.append(line)
    return lines.joined(separator: "\n" + String(repeating: " ", count: indent))
  }
}
