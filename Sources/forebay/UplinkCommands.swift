import Console
import Daemon
import Platform
import Wire

/// `forebay uplink …`: what the running daemon's uplinks do, and orders to them.
extension Command {
  private static let socket = Option(
    name: "--socket", value: "PATH", help: "the daemon's socket, where `console.socket` names another one")
  private static let name = Positional(name: "NAME", help: "the uplink's name", isRequired: true)

  static let uplinkList = Command(
    name: "uplink list",
    summary: "shows every uplink: state, backlog, rate, compression, last error",
    details: ["`forebay status --format json` has the same for scripts."],
    options: [.data, socket],
    examples: [.init(line: "forebay uplink list", purpose: "what the link does, and what it waits for")],
    run: UplinkCommands.list)

  static let uplinkRetry = Command(
    name: "uplink retry",
    summary: "makes an uplink try again now, instead of waiting longer",
    details: [
      "After a failure an uplink waits a second, then two, up to a minute. An uplink that is connected goes on."
    ],
    positionals: [name], options: [.data, socket],
    examples: [.init(line: "forebay uplink retry centre", purpose: "when the password has been put right, say")],
    run: { try UplinkCommands.order(.retry, $0) })

  static let uplinkPause = Command(
    name: "uplink pause",
    summary: "disconnects an uplink until `uplink resume`; its records wait in the log",
    details: ["A restart of the daemon resumes it, too. What was on its way is sent again, and recognised."],
    positionals: [name], options: [.data, socket],
    examples: [.init(line: "forebay uplink pause centre", purpose: "while the line is expensive")],
    run: { try UplinkCommands.order(.pause, $0) })

  static let uplinkResume = Command(
    name: "uplink resume",
    summary: "lets a paused uplink go on",
    positionals: [name], options: [.data, socket],
    examples: [.init(line: "forebay uplink resume centre", purpose: "connects at once")],
    run: { try UplinkCommands.order(.resume, $0) })
}

enum UplinkCommands {
  private static func socket(_ arguments: Arguments) -> String {
    arguments.value("--socket") ?? ConsoleConfiguration.defaultSocket(data: arguments.dataDirectory)
  }

  static func list(_ arguments: Arguments) throws -> ExitCode {
    let report = try DaemonAccess.report("/api/v1/status", socket: socket(arguments))
    guard let text = UplinksText.render(report) else {
      throw CommandError("the daemon's answer is no report; is it of another version?", .unavailable)
    }
    var output = StandardOutput()
    output.write(text + "\n")
    output.flush()
    return .success
  }

  static func order(_ action: UplinkOrder.Action, _ arguments: Arguments) throws -> ExitCode {
    let name = arguments.positionals[0]
    let response = try DaemonAccess.ask(
      UplinkOrder(action, uplink: name).path, method: "POST", socket: socket(arguments))
    switch response.status {
    case .ok: return .success
    case .notFound: throw CommandError("there is no uplink `\(name)`; `forebay uplink list` shows them", .noInput)
    default: throw CommandError("the daemon does not take the order: \(response.status.phrase)", .unavailable)
    }
  }
}
