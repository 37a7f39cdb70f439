import Console
import Daemon
import Platform
import Wire

/// The running daemon, asked over its Unix socket.
enum DaemonAccess {
  /// What it answers, whatever that is.
  static func ask(_ path: String, method: String = "GET", socket: String) throws(CommandError) -> HTTPResponse {
    let response: HTTPResponse?
    do throws(SystemError) {
      response = try ConsoleClient.ask(path, method: method, socket: socket)
    } catch {
      switch error.reasonForNoAnswer {
      case .notRunning: throw CommandError("no daemon answers at \(socket); is it running?", .negative)
      case .notAllowed:
        throw CommandError("\(socket): \(error.reason); ask as the daemon's user or as root (sudo)", .noInput)
      case .other: throw CommandError("\(error)", .unavailable)
      }
    }
    guard let response else {
      throw CommandError("\(socket): what answers there is not Forebay, or does not answer in time", .unavailable)
    }
    return response
  }

  /// The body of a report.
  static func report(_ path: String, socket: String) throws(CommandError) -> [UInt8] {
    let response = try ask(path, socket: socket)
    guard response.status == .ok else {
      throw CommandError(
        "\(socket): what answers there is not this version of Forebay, or does not answer in time", .unavailable)
    }
    return response.body
  }
}
