import Daemon
import Ingress
import Platform

/// `forebay user …`: the users file, `mqtt.users`.
extension Command {
  private static let users = Command.Option(
    name: "--users", value: "FILE",
    help: "the users file (default: `mqtt.users` of \(Configuration.installedFile), else \(UserCommands.defaultFile))")

  private static let name = Command.Positional(name: "NAME", help: "the user's name", isRequired: true)

  private static let reload = "A running daemon reads the file again on SIGHUP: `systemctl reload forebay`."

  static let userAdd = Command(
    name: "user add",
    summary: "adds a user who may connect over MQTT",
    details: [
      "Without --publish the user may publish everything, without --subscribe subscribe to everything. Both may be given more"
        + " than once; `%u` is the user's name and `%c` the client id of the connection. An empty filter ('') allows nothing.",
      "The file is made if it is missing. " + reload,
    ],
    positionals: [name],
    options: [
      .init(name: "--publish", value: "FILTER", help: "the user may publish to these topics alone"),
      .init(name: "--subscribe", value: "FILTER", help: "the user may subscribe to these topics alone"),
      UserPassword.option, users,
    ],
    examples: [
      .init(
        line: "forebay user add boiler --publish 'plant/boiler/#' --subscribe ''",
        purpose: "a device that sends, no more"),
      .init(
        line: "echo secret | forebay user add node-red --password-stdin --users ./users",
        purpose: "a script's way, with a file of one's own"),
    ],
    run: UserCommands.add)

  static let userPasswd = Command(
    name: "user passwd",
    summary: "gives an MQTT user another password",
    details: ["Clients of the user have to log in again once the daemon has read the file. " + reload],
    positionals: [name],
    options: [UserPassword.option, users],
    examples: [.init(line: "forebay user passwd boiler", purpose: "asks for it, twice")],
    run: UserCommands.passwd)

  static let userRemove = Command(
    name: "user remove",
    summary: "removes an MQTT user",
    details: ["Its clients are disconnected once the daemon has read the file. " + reload],
    positionals: [name],
    options: [users],
    examples: [
      .init(line: "forebay user remove boiler", purpose: "and `systemctl reload forebay` throws it out at once")
    ],
    run: UserCommands.remove)

  static let userList = Command(
    name: "user list",
    summary: "shows the MQTT users and what they may",
    options: [users],
    examples: [.init(line: "forebay user list --users ./users", purpose: "of a file of one's own")],
    run: UserCommands.list)
}

enum UserCommands {
  static let defaultFile = "/etc/forebay/users"

  static func add(_ arguments: Arguments) throws -> ExitCode {
    let name = arguments.positionals[0]
    let file = file(arguments)
    // Before anybody types a password for nothing.
    var trial = try file.readText(orEmpty: true)
    let (publish, subscribe) = (filters("--publish", arguments), filters("--subscribe", arguments))
    try trial.add(name, .placeholder, publish: publish, subscribe: subscribe)
    let hash = try UserPassword.read(arguments, for: name)
    try file.change(orEmpty: true) { text throws(AccountsError) in
      try text.add(name, hash, publish: publish, subscribe: subscribe)
    }
    return tell("added `\(name)` to \(file.path)")
  }

  static func passwd(_ arguments: Arguments) throws -> ExitCode {
    let name = arguments.positionals[0]
    let file = file(arguments)
    guard try file.readText().has(name) else { throw AccountsError.notThere(name, path: file.path) }
    let hash = try UserPassword.read(arguments, for: name)
    try file.change { text throws(AccountsError) in try text.setHash(hash, of: name) }
    return tell("`\(name)` has another password in \(file.path)")
  }

  static func remove(_ arguments: Arguments) throws -> ExitCode {
    let name = arguments.positionals[0]
    let file = file(arguments)
    try file.change { text throws(AccountsError) in try text.remove(name) }
    return tell("removed `\(name)` from \(file.path)")
  }

  static func list(_ arguments: Arguments) throws -> ExitCode {
    let accounts = try file(arguments).readText().accounts
    var output = StandardOutput()
    if accounts.isEmpty {
      output.write(line: "no users")
    } else {
      let rows = accounts.map { account in
        [String(decoding: account.name, as: UTF8.self), words(account.publishFilters), words(account.subscribeFilters)]
      }
      for row in [["USER", "PUBLISH", "SUBSCRIBE"]] + rows { output.write(line: line(row, rows)) }
    }
    output.flush()
    return .success
  }

  private static func words(_ filters: [String]?) -> String {
    guard let filters else { return "everything" }
    return filters.isEmpty ? "nothing" : filters.joined(separator: " ")
  }

  private static func line(_ row: [String], _ rows: [[String]]) -> String {
    let cells = row.indices.dropLast().map { column in
      let width = max(rows.map { $0[column].count }.max() ?? 0, 9)
      return row[column] + String(repeating: " ", count: max(0, width - row[column].count) + 2)
    }
    return cells.joined() + row[row.count - 1]
  }

  private static func filters(_ option: String, _ arguments: Arguments) -> [String]? {
    arguments.has(option) ? arguments.allValues(option) : nil
  }

  private static func file(_ arguments: Arguments) -> AccountsFile {
    if let path = arguments.value("--users") { return AccountsFile(path) }
    let configured = try? Configuration.load(Configuration.installedFile).ingress.mqtt?.users
    return AccountsFile(configured ?? defaultFile)
  }

  private static func tell(_ what: String) -> ExitCode {
    StandardError.write(line: "\(what); a running daemon reads it on SIGHUP (systemctl reload forebay)")
    return .success
  }
}
