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
    summary: "shows what the running daemon does: log, rates, lag of every route and uplink",
    details: [
      "Asks over the daemon's Unix socket, DIR/console.sock. Without a running daemon it shows what the files say, and ends "
        + "with 1."
    ],
    options: [
      .data,
      .init(name: "--socket", value: "PATH", help: "the daemon's socket, where `console.socket` names another one"),
      .init(name: "--json", help: "the whole report, for scripts"),
    ],
    examples: [
      .init(line: "forebay status", purpose: "the daemon that keeps ./forebay-data, or the installed one"),
      .init(line: "forebay status --json --data /var/lib/forebay", purpose: "the same for scripts"),
    ],
    run: StatusCommand.run)
}

enum StatusCommand {
  static func run(_ arguments: Arguments) throws -> ExitCode {
    let data = arguments.dataDirectory
    let socket = arguments.value("--socket") ?? ConsoleConfiguration.defaultSocket(data: data)
    let response: HTTPResponse?
    do throws(SystemError) {
      response = try ConsoleClient.get("/api/v1/status", socket: socket)
    } catch {
      switch error.reasonForNoAnswer {
      case .notRunning: return try showStored(data, asJSON: arguments.has("--json"))
      case .notAllowed:
        throw CommandError("\(socket): \(error.reason); ask as the daemon's user or as root (sudo)", .noInput)
      case .other: throw CommandError("\(error)", .unavailable)
      }
    }
    guard let response, response.status == .ok else {
      throw CommandError("\(socket): what answers there is not Forebay, or does not answer in time", .unavailable)
    }
    var output = StandardOutput()
    if arguments.has("--json") {
      output.write(response.body.span.bytes)
    } else {
      output.write(line: StatusText.render(response.body) ?? "")
    }
    output.flush()
    return .success
  }

  private static func showStored(_ data: String, asJSON: Bool) throws -> ExitCode {
    let log = try StoredLog(directory: data)
    // The newest segment's file is longer than what is in it: room is reserved ahead of the writes.
    var bytes = log.segments.dropLast().reduce(0) { $0 + $1.bytes }
    var end = log.startOffset
    if let newest = log.segments.last {
      end = try log.judge(newest) { header, _ in bytes += header.batchBytes }
        .endOffset(base: newest.base)
    }
    var output = StandardOutput()
    if asJSON {
      let numbers = "\"startOffset\":\(log.startOffset),\"endOffset\":\(end),\"segments\":\(log.segments.count)"
      output.write(line: "{\"running\":false,\"log\":{\(numbers),\"bytes\":\(bytes)}}")
    } else {
      let text = StatusText.stored(
        startOffset: log.startOffset, endOffset: end, bytes: bytes, segments: log.segments.count)
      output.write(line: "no daemon is running on \(data); its log has \(text)")
    }
    output.flush()
    return .negative
  }
}
