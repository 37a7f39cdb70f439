import Bytes
import Console
import Daemon
import Platform
import Records
import Storage
import Wire

/// `forebay status`: asks the running daemon; without one, says what its files say.
extension Command {
  static let status = Command(
    name: "status",
    summary: "shows how the running daemon does: log, rates, lag of every route and uplink",
    details: [
      "Asks over the daemon's Unix socket, DIR/console.sock. Without a running daemon it shows what the files say, and ends "
        + "with 1.",
      "Rates are those of the last minute. OLDEST is how long ago the oldest record came that a route or uplink has not"
        + " done with; DRAINED IN when its lag will be gone at the rates of the last ten seconds.",
      "The keys of the JSON report are in the README, below \"The report for scripts\".",
    ],
    options: [
      .data,
      .init(name: "--socket", value: "PATH", help: "the daemon's socket, where `console.socket` names another one"),
      .init(name: "--format", short: "-f", value: "FORMAT", help: "text or json: the whole report (default: text)"),
      .init(name: "--watch", short: "-w", help: "again every second, until Ctrl-C"),
    ],
    examples: [
      .init(line: "forebay status", purpose: "the daemon that keeps ./forebay-data, or the installed one"),
      .init(line: "forebay status --watch", purpose: "how it goes on"),
      .init(
        line: "forebay status --format json | jq '.uplinks[] | {name, lag, secondsToDrain}'", purpose: "for a script"),
    ],
    run: StatusCommand.run)
}

enum StatusCommand {
  private enum Format: String {
    case text
    case json
  }

  static func run(_ arguments: Arguments) throws -> ExitCode {
    let name = arguments.value("--format") ?? "text"
    guard let format = Format(rawValue: name) else {
      throw CommandError.usage("--format takes text or json, not `\(name)`")
    }
    let data = arguments.dataDirectory
    let socket = arguments.value("--socket") ?? ConsoleConfiguration.defaultSocket(data: data)
    guard arguments.has("--watch") else {
      let (report, isRunning) = try report(data: data, socket: socket)
      var output = StandardOutput()
      output.write(try text(report, format))
      output.flush()
      return isRunning ? .success : .negative
    }
    var screen = Screen()
    while true {
      screen.show(try text(report(data: data, socket: socket).report, format), inPlace: format == .text)
      SystemTime().sleep(milliseconds: 1000)
    }
  }

  /// The daemon's report, or one made of the files where no daemon runs.
  private static func report(data: String, socket: String) throws -> (report: [UInt8], isRunning: Bool) {
    let response: HTTPResponse?
    do throws(SystemError) {
      response = try ConsoleClient.ask("/api/v1/status", socket: socket)
    } catch {
      switch error.reasonForNoAnswer {
      case .notRunning: return (try stored(data), false)
      case .notAllowed:
        throw CommandError("\(socket): \(error.reason); ask as the daemon's user or as root (sudo)", .noInput)
      case .other: throw CommandError("\(error)", .unavailable)
      }
    }
    guard let response, response.status == .ok else {
      throw CommandError("\(socket): what answers there is not Forebay, or does not answer in time", .unavailable)
    }
    return (response.body, true)
  }

  private static func stored(_ data: String) throws -> [UInt8] {
    let log = try LogAccess.open { () throws(StorageError) in try StoredLog(directory: data) }
    let now = Timestamp(milliseconds: SystemTime().wallMilliseconds())
    return try StoredReport.json(of: log, data: data, now: now).bytes + [UInt8(ascii: "\n")]
  }

  private static func text(_ report: [UInt8], _ format: Format) throws(CommandError) -> String {
    guard format == .text else { return String(decoding: report, as: UTF8.self) }
    guard let text = StatusText.render(report) else {
      throw CommandError(
        "the daemon's answer is no report; is it of another version? `--format json` shows it", .unavailable)
    }
    return text + "\n"
  }
}
