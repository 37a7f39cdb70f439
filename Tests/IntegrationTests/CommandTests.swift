import Support
import Testing

/// The commands as a shell or a script sees them: what they print, where, and how they end.
struct CommandTests {
  private let directory = TemporaryDirectory()

  private func run(_ arguments: String...) throws -> (status: Int32, output: String, errors: String) {
    let process = try TestProcess(ForebayProcess.executable, arguments, in: directory)
    let status = try process.wait()
    return (status, process.output, process.errors)
  }

  private func shell(_ script: String) throws -> (status: Int32, output: String, errors: String) {
    let process = try TestProcess("bash", ["-c", script], in: directory)
    let status = try process.wait()
    return (status, process.output, process.errors)
  }

  @Test func `every command has a help text with its usage, its options and examples`() throws {
    let overview = try run("--help")
    #expect(overview.status == 0 && overview.errors.isEmpty)
    let list = overview.output.split(separator: "\n", omittingEmptySubsequences: false)
      .drop { $0 != "Commands:" }.dropFirst().prefix { !$0.isEmpty }
    let names = list.map { line in
      line.dropFirst(2).prefix(upTo: line.dropFirst(2).firstRange(of: "  ")?.lowerBound ?? line.endIndex)
    }
    #expect(names.count >= 8)
    for name in names {
      let words = name.split(separator: " ").map(String.init)
      let process = try TestProcess(ForebayProcess.executable, words + ["--help"], in: directory)
      #expect(try process.wait() == 0, "\(name)")
      #expect(process.output.hasPrefix("forebay \(name): "), "\(name)")
      for part in ["\nUsage: forebay \(name)", "\nOptions:", "\nExamples:"] {
        #expect(process.output.contains(part), "\(name) has no \(part)")
      }
    }
  }

  @Test func `the version is told`() throws {
    let result = try run("--version")
    #expect(result.status == 0 && result.output.hasPrefix("forebay ") && result.errors.isEmpty)
  }

  @Test(
    arguments: [
      (["stauts"], "did you mean `status`?"), (["nonsense"], "`forebay --help`"),
      (["run", "--confg", "x"], "did you mean --config?"),
      (["status", "--data"], "--data needs a value"), (["check", "a", "b"], "does not take `b`"),
      (["run", "--demo=yes"], "--demo takes no value"), (["log"], "log verify"), ([], "Usage: forebay COMMAND"),
    ] as [([String], String)])
  func `a mistake on the command line ends with 64 and says what to write`(words: [String], hint: String) throws {
    let process = try TestProcess(ForebayProcess.executable, words, in: directory)
    #expect(try process.wait() == 64)
    #expect(process.output.isEmpty)
    #expect(process.errors.contains(hint), "\(process.errors)")
  }

  @Test func `a reader that goes away ends a command quietly, even where SIGPIPE is ignored`() throws {
    let program = ForebayProcess.executable
    for prefix in ["", "trap '' PIPE; "] {
      let result = try shell("\(prefix)for i in 1 2 3 4 5; do \(program) --help; done | head -n 1")
      #expect(result.status == 0)
      #expect(result.output.hasPrefix("forebay: "))
      #expect(result.errors.isEmpty, "\(result.errors)")
    }
  }

  @Test func `without a log, commands say so and end with 66`() throws {
    for command in ["status", "query", "log verify"] {
      let words = command.split(separator: " ").map(String.init)
      let process = try TestProcess(
        ForebayProcess.executable, words + ["--data", directory.path + "/nothing"], in: directory)
      #expect(try process.wait() == 66, "\(command)")
      #expect(process.errors.contains("\(directory.path)/nothing"), "\(command): \(process.errors)")
    }
  }
}
