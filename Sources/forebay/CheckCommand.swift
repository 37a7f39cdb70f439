import Daemon
import Ingress
import Platform

/// `forebay check`: what is wrong with a configuration, before a restart finds it.
extension Command {
  static let check = Command(
    name: "check",
    summary: "says what is wrong with a configuration, line by line",
    details: ["Ends with 0 where the file is in order, and with 78 where it is not."],
    positionals: [.init(name: "FILE", help: "the configuration (default: \(Configuration.installedFile))")],
    examples: [
      .init(line: "forebay check plant.json5", purpose: "every mistake with its line and what to write instead")
    ],
    run: CheckCommand.run)
}

enum CheckCommand {
  static func run(_ arguments: Arguments) throws -> ExitCode {
    let file = arguments.positionals.first ?? Configuration.installedFile
    let configuration = try Configuration.load(file)
    if let users = configuration.ingress.mqtt?.users { _ = try AccountsFile(users).read() }
    var output = StandardOutput()
    output.write(line: "\(file) is in order: \(configuration.summary)")
    output.flush()
    return .success
  }
}
