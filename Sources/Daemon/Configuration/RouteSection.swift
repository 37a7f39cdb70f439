import Records
import Routing

extension RouteConfiguration {
  /// `{ name: "siren", topics: ["+/alarm"], exec: ["/usr/local/bin/siren"], retry: { attempts: 8 } }`
  init(_ section: ConfigurationSection) {
    let name = section.consumerName()
    let topics = section.topicFilters("topics")
    if topics == nil, section.isObject { section.reject("topics", "is missing; write topics: [\"#\"] for everything") }
    self.init(name: name, topics: topics ?? [], handler: HandlerConfiguration(section))
    if let retry = section.section("retry") { self.retry = RetryPolicy(retry) }
    section.notAvailable("where", "validate")
    section.finish()
  }
}

extension HandlerConfiguration {
  private static let unavailable = ["http", "unix", "mqtt", "aggregate"]

  /// The one handler of a route.
  fileprivate init(_ section: ConfigurationSection) {
    let exec = section.strings("exec")
    let file = section.section("file")
    let others = Self.unavailable.filter { section.hasUnavailable($0) }
    for key in others { section.rejectAsUnavailable(key) }
    switch (exec, file) {
    case (nil, nil):
      if section.isObject, others.isEmpty, !section.has("exec") {
        section.reject("exec", "is missing; write exec: [\"/path/to/program\"] or file: { path: \"…\" }")
      }
      self = .exec(ExecConfiguration(command: []))
    case (_?, _?):
      section.reject("file", "stands beside `exec`; a route has one handler: write a second route")
      self = .exec(ExecConfiguration(command: []))
    case (let command?, nil):
      if command.isEmpty {
        section.reject("exec", "is empty; write a program and its arguments: [\"/path/to/program\"]")
      }
      var exec = ExecConfiguration(command: command)
      exec.timeoutMilliseconds = section.duration("timeout", in: 100...86_400_000, default: exec.timeoutMilliseconds)
      self = .exec(exec)
    case (nil, let file?):
      self = .file(FileConfiguration(file))
    }
  }
}

extension FileConfiguration {
  fileprivate init(_ section: ConfigurationSection) {
    self.init(path: section.requiredString("path", example: "/var/lib/forebay/plant.ndjson"))
    format = section.choice("format", Format.allCases.map { ($0.rawValue, $0) }, default: format)
    maxBytes = section.size("maxBytes", in: 1 << 10...1 << 44, default: maxBytes)
    keep = section.integer("keep", in: 0...10_000, default: keep)
    section.finish()
  }
}

extension RetryPolicy {
  fileprivate init(_ section: ConfigurationSection) {
    self.init()
    attempts = section.integer("attempts", in: 1...1_000_000, default: attempts)
    firstMilliseconds = section.duration("first", in: 1...3_600_000, default: firstMilliseconds)
    longestMilliseconds = section.duration("longest", in: 1...86_400_000, default: longestMilliseconds)
    section.finish()
  }
}

extension ConfigurationSection {
  /// `name`, as the name of a cursor file and the last level of a topic.
  func consumerName() -> String {
    let name = requiredString("name", example: "centre")
    let allowed = name.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
        true
      default: false
      }
    }
    if !allowed || name.hasPrefix(".") || name.utf8.count > 100 {
      reject("name", "is \"\(name)\"; write letters, digits, `-`, `_` and `.`, at most 100 and no `.` in front")
    }
    return name
  }

  /// A list of topic filters; nil where it is missing.
  func topicFilters(_ key: String) -> [String]? {
    let filters = strings(key) { text in
      do {
        _ = try TopicFilter(text)
        return nil
      } catch {
        return "\(error)"
      }
    }
    if let filters, filters.isEmpty { reject(key, "is empty; write [\"#\"] for everything") }
    return filters
  }
}
