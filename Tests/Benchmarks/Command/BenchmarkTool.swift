import Platform

/// The program: finds the command, runs it, and says what went wrong.
enum BenchmarkTool {
  static let commands: [Command] = [.log, .segments, .ingest, .uplink, .fill]

  /// - Returns: the exit code: 0, 1 where a target was missed, or why nothing was measured.
  static func run(_ words: [String]) -> Int32 {
    CurrentProcess.endQuietlyOnClosedPipe()
    do {
      return try dispatch(words)
    } catch let error as BenchmarkError {
      StandardError.write(line: "Benchmarks: \(error.description)")
      return error.exitCode
    } catch {
      StandardError.write(line: "Benchmarks: \(error)")
      return 74
    }
  }

  private static func dispatch(_ words: [String]) throws -> Int32 {
    guard let first = words.first, first != "--help", first != "-h" else { return show(overview) }
    // Not for people: what `ingest` and `uplink` start of this program.
    if first == ReferenceServer.command { return try ReferenceServer.run(Array(words.dropFirst())) }
    if first == Outages.command { return try OutageRounds.run(Array(words.dropFirst())) }
    guard let command = commands.first(where: { $0.name == first }) else {
      throw BenchmarkError.usage("there is no benchmark `\(first)`; see `Benchmarks --help`")
    }
    let options = try Options(Array(words.dropFirst()), for: command)
    if options.asksForHelp { return show(text(for: command)) }
    #if DEBUG
      StandardError.write(line: "Benchmarks: a debug build measures nothing; use `swift run -c release Benchmarks`")
    #endif
    try Interruption.watch()
    return try command.run(options) ? 0 : 1
  }

  private static var overview: String {
    let list = commands.map { "  \($0.name.padded(to: 8)) \($0.summary)" }
    return
      (["Usage: swift run -c release Benchmarks COMMAND [OPTION...]", "", "Commands:"] + list + [""] + optionLines)
      .joined(separator: "\n")
  }

  private static func text(for command: Command) -> String {
    let parts = command.parts.isEmpty ? [] : ["", "Parts, for --only: " + command.parts.joined(separator: ", ")]
    return
      (["Benchmarks \(command.name): \(command.summary)"] + command.details.flatMap { ["", $0] } + parts + [""]
      + optionLines).joined(separator: "\n")
  }

  private static var optionLines: [String] {
    ["Options:"] + Options.help.map { "  \($0.0.padded(to: 17)) \($0.1)" } + [
      "", "Exit codes: 0 every target met, 1 a target missed, 64 wrong arguments, 74 the disk failed, 130 interrupted",
    ]
  }

  private static func show(_ text: String) -> Int32 {
    var output = StandardOutput()
    output.write(line: text)
    output.flush()
    return 0
  }
}
