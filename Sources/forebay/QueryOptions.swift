import Daemon
import Platform
import Query
import Records

/// The options that `query` and `tail` share.
enum QueryOptions {
  static let filters = Command.Positional(
    name: "FILTER", help: "a topic filter, as MQTT has them: plant/+/temp, plant/# (default: every topic)",
    repeats: true)

  static let since = Command.Option(
    name: "--since", value: "WHEN",
    help: "only records received since: 2h (two hours ago), 1h30m, 7d, or 2026-11-23T07:41:05Z")

  static let until = Command.Option(name: "--until", value: "WHEN", help: "only records received before it; as --since")

  static let format = Command.Option(
    name: "--format", short: "-f", value: "FORMAT",
    help: "table, ndjson or csv (default: table on a terminal, else ndjson)")

  /// The query that filters, --since and --until ask for.
  static func query(_ arguments: Arguments) throws -> Query {
    var query = Query()
    for text in arguments.positionals {
      do throws(TopicProblem) {
        query.filters.append(try TopicFilter(text))
      } catch {
        throw CommandError.usage("`\(text)` is no topic filter: \(error)")
      }
    }
    query.since = try bound("--since", arguments)
    query.until = try bound("--until", arguments)
    return query
  }

  static func printer(_ arguments: Arguments) throws -> RecordPrinter {
    guard let name = arguments.value("--format") else {
      return RecordPrinter(StandardOutput.isTerminal ? .table : .ndjson, columns: Terminal.columns)
    }
    guard let format = OutputFormat(rawValue: name) else {
      throw CommandError.usage("--format takes table, ndjson or csv, not `\(name)`")
    }
    return RecordPrinter(format, columns: Terminal.columns)
  }

  private static func bound(_ option: String, _ arguments: Arguments) throws -> Timestamp? {
    guard let text = arguments.value(option) else { return nil }
    let now = Timestamp(milliseconds: SystemTime().wallMilliseconds())
    guard let bound = TimeBound.parse(text, now: now) else {
      throw CommandError.usage("\(option) takes \(TimeBound.help), not `\(text)`")
    }
    return bound
  }
}
