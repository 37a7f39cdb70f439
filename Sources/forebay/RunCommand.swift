import Daemon
import Platform

/// `forebay run`: the daemon, in the foreground.
extension Command {
  static let run = Command(
    name: "run",
    summary: "takes messages in, keeps them, and passes them on",
    details: [
      "Runs in the foreground until SIGTERM or Ctrl-C. Without --config it reads \(Configuration.installedFile) if that is "
        + "there, and otherwise runs with the defaults: MQTT on port 1883, data in ./forebay-data.",
      "With --demo it also listens for UDP datagrams on port 5510, and devices that make something up connect and send.",
    ],
    options: [
      .init(name: "--config", value: "FILE", help: "the configuration (JSON5)"),
      .init(name: "--data", value: "DIR", help: "the data directory, over what the configuration says"),
      .init(name: "--demo", help: "no configuration but --config's, and demonstration devices"),
    ],
    examples: [
      .init(line: "forebay run --demo", purpose: "try it: then `forebay tail '#'` in another terminal"),
      .init(line: "forebay run --config plant.json5", purpose: "run with a configuration of your own"),
    ],
    run: RunCommand.run)
}

enum RunCommand {
  static func run(_ arguments: Arguments) throws -> ExitCode {
    let file = arguments.value("--config") ?? (arguments.has("--demo") ? nil : installedFile)
    let data = arguments.value("--data")
    let isDemo = arguments.has("--demo")
    var configuration = try Configuration.load(file, data: data)
    if isDemo { configuration.addDemoListener() }
    let lifecycle = try Lifecycle(configuration, file: file, data: data)
    return try lifecycle.run(withDemo: isDemo) { addresses in
      if isDemo { DemoGuide.show(addresses) }
    }
  }

  private static var installedFile: String? {
    FileSystem.exists(Configuration.installedFile) ? Configuration.installedFile : nil
  }
}
