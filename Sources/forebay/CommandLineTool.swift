import Daemon
import Platform

/// The program: finds the command, runs it, and says what went wrong.
enum CommandLineTool {
  static let commands: [Command] = [
    // One line per sub-command, in the order of `forebay --help`.
    .run,
    .check,
    .query,
    .tail,
    .status,
    .clients,
    .uplinkList,
    .uplinkRetry,
    .uplinkPause,
    .uplinkResume,
    .userAdd,
    .userPasswd,
    .userRemove,
    .userList,
    .unpack,
    .logVerify,
    .logRepair,
    .logDump,
    .logExport,
  ]

  /// - Parameter words: the arguments without the program's name.
  static func run(_ words: [String]) -> ExitCode {
    CurrentProcess.endQuietlyOnClosedPipe()
    do {
      return try dispatch(words)
    } catch let error as CommandError {
      StandardError.write(line: "forebay: \(error.description)")
      return error.exitCode
    } catch let error as ConfigurationError {
      // Each line begins with the file and the line: nothing before it, so that editors can jump there.
      StandardError.write(line: error.description)
      return .configuration
    } catch {
      StandardError.write(line: "forebay: \(error)")
      return ExitCode(for: error)
    }
  }

  private static func dispatch(_ words: [String]) throws -> ExitCode {
    guard let first = words.first else {
      StandardError.write(line: Help.overview(commands))
      return .usage
    }
    switch first {
    case "--help", "-h": return show(Help.overview(commands))
    case "help":
      return words.count == 1 ? show(Help.overview(commands)) : try dispatch(words.dropFirst() + ["--help"])
    case "--version", "version": return show("forebay \(Version.current)")
    default: break
    }
    for count in [2, 1] where words.count >= count {
      let name = words.prefix(count).joined(separator: " ")
      guard let command = commands.first(where: { $0.name == name }) else { continue }
      let arguments = try Arguments(Array(words.dropFirst(count)), for: command)
      if arguments.asksForHelp { return show(Help.text(for: command)) }
      return try command.run(arguments)
    }
    return try explainUnknown(words)
  }

  private static func explainUnknown(_ words: [String]) throws -> ExitCode {
    let group = commands.filter { $0.name.hasPrefix(words[0] + " ") }
    guard group.isEmpty else {
      if words.contains("--help") || words.contains("-h") { return show(Help.group(words[0], group)) }
      StandardError.write(line: Help.group(words[0], group))
      return .usage
    }
    let kind = words[0].hasPrefix("-") ? "option" : "command"
    let nearest = Spelling.nearest(to: words[0], among: commands.map(\.name) + ["--help", "--version"])
    let hint = nearest.map { "; did you mean `\($0)`?" } ?? ""
    throw CommandError.usage("there is no \(kind) `\(words[0])`\(hint.isEmpty ? "; see `forebay --help`" : hint)")
  }

  private static func show(_ text: String) -> ExitCode {
    var output = StandardOutput()
    output.write(line: text)
    output.flush()
    return .success
  }
}
