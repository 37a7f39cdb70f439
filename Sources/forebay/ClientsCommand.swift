import Console
import Daemon
import Platform

/// `forebay clients`: asks the running daemon who its MQTT clients are.
extension Command {
  static let clients = Command(
    name: "clients",
    summary: "shows the MQTT clients: who, since when, what they sent and got, how far behind",
    details: [
      "Clients that are away have a session that waits for them. IN and OUT are messages since the client connected; IN FLIGHT"
        + " is what of QoS 1 and 2 has no final answer, from and to the client; LAG is how many records of the log"
        + " have not been looked at for it yet.",
      "JSON has every filter, too.",
    ],
    options: [
      .data,
      .init(name: "--socket", value: "PATH", help: "the daemon's socket, where `console.socket` names another one"),
      .init(name: "--format", short: "-f", value: "FORMAT", help: "text or json (default: text)"),
    ],
    examples: [
      .init(line: "forebay clients", purpose: "of the daemon that keeps ./forebay-data, or the installed one"),
      .init(
        line: "forebay clients --format json | jq '.clients[] | select(.lag > 1000) | .clientID'",
        purpose: "who is far behind"),
    ],
    run: ClientsCommand.run)
}

enum ClientsCommand {
  static func run(_ arguments: Arguments) throws -> ExitCode {
    let format = arguments.value("--format") ?? "text"
    guard ["text", "json"].contains(format) else {
      throw CommandError.usage("--format takes text or json, not `\(format)`")
    }
    let socket = arguments.value("--socket") ?? ConsoleConfiguration.defaultSocket(data: arguments.dataDirectory)
    let report = try DaemonAccess.report("/api/v1/clients", socket: socket)
    var output = StandardOutput()
    if format == "json" {
      output.write(String(decoding: report, as: UTF8.self))
    } else {
      guard let text = ClientsReport.render(report) else {
        throw CommandError(
          "the daemon's answer is no list of clients; is it of another version? `--format json` shows it", .unavailable)
      }
      output.write(text + "\n")
    }
    output.flush()
    return .success
  }
}
