import Daemon

/// One sub-command: what it is called, what it takes, and what it does. `log verify` is a command of two words.
struct Command: Sendable {
  let name: String
  /// One line for the list of commands: what it does, lower case, no full stop.
  let summary: String
  /// What more there is to know; paragraphs for `--help`.
  var details: [String] = []
  /// What stands behind the options, such as `[FILTER]...`; shown in the usage line.
  var positionals: [Positional] = []
  var options: [Option] = []
  /// Command lines that work, each with what it does.
  var examples: [Example] = []
  let run: @Sendable (Arguments) throws -> ExitCode

  struct Option: Sendable {
    /// With its dashes: `--data`.
    let name: String
    /// One letter with its dash: `-f`.
    var short: String? = nil
    /// What the option takes, in capitals: `DIR`. Nil: a flag.
    var value: String? = nil
    let help: String
  }

  struct Positional: Sendable {
    /// In capitals: `FILTER`.
    let name: String
    let help: String
    var isRequired = false
    /// Only the last may repeat.
    var repeats = false
  }

  struct Example: Sendable {
    let line: String
    let purpose: String
  }
}

extension Command.Option {
  /// The option every command that reads or keeps a log has.
  static let data = Command.Option(
    name: "--data", value: "DIR",
    help: "the data directory (default: $FOREBAY_DATA, else ./forebay-data or /var/lib/forebay, whichever is there)")
}

/// A command that cannot go on: what is wrong and what to do about it.
struct CommandError: Error, CustomStringConvertible {
  let description: String
  let exitCode: ExitCode

  init(_ description: String, _ exitCode: ExitCode) {
    self.description = description
    self.exitCode = exitCode
  }

  /// A mistake on the command line.
  static func usage(_ description: String) -> CommandError {
    CommandError(description, .usage)
  }
}
