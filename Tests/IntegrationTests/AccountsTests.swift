import Glibc
import Support
import Testing

/// Who may connect, and what they may do then: with the clients that people have, and the command that makes accounts.
@Suite(.serialized, .timeLimit(.minutes(2))) struct AccountsTests {
  private let directory = TemporaryDirectory()
  private var users: String { directory.path + "/users" }

  private func start(_ mqtt: String = "") throws -> ForebayProcess {
    try ForebayProcess(mqtt: "users: \"\(users)\", \(mqtt)", in: directory)
  }

  /// `forebay user …` with the password on standard input.
  @discardableResult private func user(_ arguments: String..., password: String = "secret") throws -> TestProcess {
    let input = directory.path + "/password"
    try writeFile(input, password + "\n")
    let process = try TestProcess(
      ForebayProcess.executable,
      ["user"] + arguments + ["--users", users]
        + (arguments[0] == "add" || arguments[0] == "passwd" ? ["--password-stdin"] : []),
      input: input, in: directory)
    try process.wait()
    return process
  }

  /// What mosquitto_pub ends with, and what it says.
  private func publish(_ forebay: ForebayProcess, _ arguments: String...) throws -> (status: Int32, errors: String) {
    let process = try TestProcess(
      "mosquitto_pub", ["-p", "\(forebay.mqttPort)", "-m", "x", "-q", "1"] + arguments, in: directory)
    return (try process.wait(), process.errors)
  }

  @Test(arguments: [1, 2])
  func `a user gets in with the password and nobody without`(threads: Int) throws {
    try user("add", "boiler")
    let forebay = try start("threads: \(threads)")
    #expect(try publish(forebay, "-t", "a/1", "-u", "boiler", "-P", "secret").status == 0)
    // What version 3.1.1 and version 5 call each refusal (mosquitto_pub ends with the CONNACK's code).
    #expect(try publish(forebay, "-t", "a/2", "-u", "boiler", "-P", "wrong").status == 4)
    #expect(try publish(forebay, "-t", "a/2", "-u", "nobody", "-P", "secret").status == 4)
    #expect(try publish(forebay, "-t", "a/2").status == 5)
    #expect(try publish(forebay, "-V", "5", "-t", "a/2", "-u", "boiler", "-P", "wrong").status == 0x86)
    #expect(try publish(forebay, "-V", "5", "-t", "a/2").status == 0x87)
    let status = try forebay.command("status", "--format", "json")
    #expect(status.contains(#""logins":{"accepted":1,"refused":3,"#), "\(status)")
    try forebay.stop()
    #expect(try forebay.command("query", "a/#", "--format", "ndjson").split(separator: "\n").count == 1)
    #expect(!forebay.errors.contains("secret"))
  }

  @Test func `without a password, where that is allowed beside accounts`() throws {
    try user("add", "boiler")
    let forebay = try start("anonymous: true")
    #expect(try publish(forebay, "-t", "a").status == 0)
    #expect(try publish(forebay, "-t", "a", "-u", "boiler", "-P", "wrong").status == 4)
    try forebay.stop()
  }

  @Test func `a user publishes and subscribes where it may, and learns where it may not`() throws {
    try user("add", "boiler", "--publish", "plant/%u/#", "--publish", "status/%c", "--subscribe", "command/%u")
    let forebay = try start()
    let account = ["-u", "boiler", "-P", "secret", "-i", "dev-7"]
    func publish(_ arguments: [String]) throws -> (status: Int32, errors: String) {
      let process = try TestProcess(
        "mosquitto_pub", ["-p", "\(forebay.mqttPort)", "-m", "x"] + account + arguments, in: directory)
      return (try process.wait(), process.errors)
    }
    #expect(try publish(["-q", "1", "-t", "plant/boiler/t"]).status == 0)
    #expect(try publish(["-q", "2", "-V", "5", "-t", "status/dev-7"]).status == 0)
    #expect(try publish(["-q", "1", "-V", "5", "-t", "plant/pump/t"]).errors.contains("Not authorized"))
    #expect(try publish(["-q", "2", "-V", "5", "-t", "status/dev-8"]).errors.contains("Not authorized"))
    // Before version 5 an acknowledgement could only be a lie.
    #expect(try publish(["-q", "1", "-t", "plant/pump/t"]).status == 7)
    #expect(try publish(["-q", "0", "-t", "plant/pump/t"]).status == 0)
    #expect(try publish(["-t", "plant/boiler/t", "--will-topic", "other", "--will-payload", "x"]).status == 5)
    for (filter, isDenied) in [
      ("command/boiler", false), ("command/#", true), ("$share/g/command/boiler", false), ("$share/g/#", true),
    ] {
      let subscriber = try TestProcess(
        "mosquitto_sub", ["-p", "\(forebay.mqttPort)", "-t", filter, "-E"] + account, in: directory)
      try subscriber.wait()
      #expect(subscriber.errors.contains("denied") == isDenied, "\(filter): \(subscriber.errors)")
    }
    let status = try forebay.command("status", "--format", "json")
    #expect(status.contains(#""unauthorized":{"messages":4,"subscriptions":2}"#), "\(status)")
    try forebay.stop()
    #expect(try forebay.command("query", "#", "--format", "ndjson").split(separator: "\n").count == 2)
  }

  @Test(arguments: [1, 2])
  func `the file is read again on SIGHUP, and refused whole where it is wrong`(threads: Int) throws {
    try user("add", "stays")
    try user("add", "goes")
    let forebay = try start("threads: \(threads)")
    func subscribe(_ name: String) throws -> TestProcess {
      let process = try TestProcess(
        "stdbuf",
        [
          "-oL", "mosquitto_sub", "-V", "5", "-p", "\(forebay.mqttPort)", "-u", name, "-P", "secret", "-i", name, "-t",
          "#", "-d",
        ],
        in: directory)
      try waitUntil("the subscription") { process.output.contains("received SUBACK") }
      return process
    }
    let (stays, goes) = (try subscribe("stays"), try subscribe("goes"))
    #expect(try forebay.command("clients").contains("stays"))
    try user("remove", "goes")
    try user("add", "comes", password: "other")
    forebay.process.signal(SIGHUP)
    try waitUntil("the removed user's end") { goes.output.contains("Received DISCONNECT (152)") }
    #expect(try publish(forebay, "-t", "a", "-u", "comes", "-P", "other").status == 0)
    #expect(try publish(forebay, "-t", "a", "-u", "goes", "-P", "secret").status == 4)
    try writeFile(users, "broken\n")
    forebay.process.signal(SIGHUP)
    try waitUntil("the refusal") { forebay.errors.contains("users stay as they were") }
    #expect(forebay.errors.contains("\(users):1: there is no `:` behind the name"))
    #expect(try publish(forebay, "-t", "a", "-u", "comes", "-P", "other").status == 0)
    #expect(!stays.output.contains("DISCONNECT"))
    stays.signal(SIGTERM)
    goes.signal(SIGTERM)
    try forebay.stop()
  }

  @Test(arguments: [1, 2])
  func `who guesses passwords is not listened to for a while`(threads: Int) throws {
    try user("add", "boiler")
    let forebay = try start("threads: \(threads)")
    var statuses: [Int32] = []
    for _ in 0..<12 { statuses.append(try publish(forebay, "-t", "a", "-u", "boiler", "-P", "guess").status) }
    #expect(statuses.prefix(5).allSatisfy { $0 == 4 })
    // "Server unavailable", whatever the password.
    #expect(statuses.contains(3))
    try waitUntil("the wait is over") {
      (try? publish(forebay, "-t", "a", "-u", "boiler", "-P", "secret").status) == 0
    }
    try forebay.stop()
  }

  @Test func `the command says what is wrong, and a daemon does not start without its accounts`() throws {
    #expect(try user("remove", "nobody").errors.contains("make it with `forebay user add"))
    try user("add", "boiler", "--publish", "plant/#")
    let twice = try user("add", "boiler")
    #expect(twice.errors.contains("there is a user `boiler` already"))
    #expect(try user("add", "pump", password: "").errors.contains("the password is empty"))
    #expect(try user("add", "a/b").errors.contains("is no user name"))
    #expect(try user("list").output == "USER       PUBLISH    SUBSCRIBE\nboiler     plant/#    everything\n")
    var information = stat()
    #expect(stat(users, &information) == 0 && information.st_mode & 0o777 & ~0o040 == 0o600)
    try writeFile(users, "boiler:\n")
    let error = #expect(throws: TestFailure.self) { try start() }
    #expect(error.map { "\($0)".contains("\(users):1:") } == true, "\(error as Any)")
  }
}
