import Bytes
import Ingress
import Platform
import Records
import Support
import Testing

/// The users file: what its lines say, what is wrong with them, and what changing it leaves alone.
struct UsersTextTests {
  /// SHA-512, of `secret`.
  static let hash = "$6$saltsalt$Y0cDGsnSgrOwBaqpUj7Ja5Y4YZJ7sDqPHG8gn8Ja3Yq3qvXFDgPLkXlpuzbe9a8oYOKo9X4RZ9Q6fH1YH8TkB0"

  private func text(_ lines: String) throws(AccountsError) -> UsersText {
    try UsersText(Array(lines.utf8), path: "users")
  }

  @Test func `a line is a name, a hash, and what the user may`() throws {
    let file = """
      # devices

      boiler:\(Self.hash):publish=plant/%u/#,status/%c:subscribe=
        admin:\(Self.hash)\t
      meter:\(Self.hash):subscribe=zigbee/00:15:8d/#
      """
    let accounts = try text(file).accounts
    #expect(accounts.map { $0.name.span.bytes.text } == ["boiler", "admin", "meter"])
    #expect(accounts.map(\.publishFilters) == [["plant/%u/#", "status/%c"], nil, nil])
    #expect(accounts.map(\.subscribeFilters) == [[], nil, ["zigbee/00:15:8d/#"]])
  }

  @Test(arguments: [
    ("boiler", "there is no `:` behind the name"),
    (":\(hash)", "the name is empty"),
    ("a/b:\(hash)", "`a/b` is no user name"),
    ("$sys:\(hash)", "`$sys` is no user name"),
    ("boiler:secret", "there is no password hash"),
    ("boiler:$9$unknown$x", "of a kind this system does not know"),
    ("boiler:$6$abc$def==", "mosquitto_passwd's"),
    ("boiler:\(hash):read=a", "there is no list `read=`"),
    ("boiler:\(hash):publish=a:publish=b", "there are two lists `publish=`"),
    ("boiler:\(hash):publish=a/#/b", "is no topic filter"),
    ("boiler:\(hash):publish=a,,b", "is no topic filter"),
    ("boiler:\(hash):publish=a/x%u", "stand for a whole level"),
    ("boiler:\(hash):publish=$forebay/gap", "is Forebay's own"),
    ("boiler:\(hash)\nboiler:\(hash)", "users:2: `boiler` stands in line 1 already"),
  ])
  func `a mistake is told with its line, and the whole file is refused`(lines: String, words: String) {
    let error = #expect(throws: AccountsError.self) { try text(lines) }
    #expect(error.map { "\($0)".contains(words) && "\($0)".hasPrefix("users:") } == true, "\(error as Any)")
    // What is no hash may be the password itself.
    #expect(error.map { "\($0)".contains("secret") } == false)
  }

  @Test func `every mistake is told, and of very many the first`() {
    let error = #expect(throws: AccountsError.self) { try text(String(repeating: "x\n", count: 100)) }
    let lines = error.map { "\($0)".split(separator: "\n") } ?? []
    #expect(lines.count == AccountsError.maximumMistakes + 1)
    #expect(lines.last == "users: … and 80 more")
  }

  @Test func `a change leaves the other lines as they were`() throws {
    let before = "# mine\n  old : spaced\n".replacing("  old : spaced", with: "old:\(Self.hash):publish=a \n\n#end")
    var users = try text(before)
    let made = try PasswordHash("$6$other$hash")
    try users.setHash(made, of: "old")
    try users.add("new", made, publish: ["b/#", "c"], subscribe: [""])
    #expect(
      String(decoding: users.bytes, as: UTF8.self)
        == "# mine\nold:$6$other$hash:publish=a \n\n#end\nnew:$6$other$hash:publish=b/#,c:subscribe=\n")
    try users.remove("old")
    #expect(
      String(decoding: users.bytes, as: UTF8.self) == "# mine\n\n#end\nnew:$6$other$hash:publish=b/#,c:subscribe=\n")
    #expect(throws: AccountsError.notThere("old", path: "users")) { try users.remove("old") }
    #expect(throws: AccountsError.alreadyThere("new", path: "users")) { try users.add("new", made) }
    #expect(throws: AccountsError.self) { try users.add("x\ny", made) }
    #expect(throws: AccountsError.self) { try users.add("x", made, publish: ["a,b"]) }
  }

  @Test func `a file is made, changed, and never left in halves`() throws {
    let directory = TemporaryDirectory()
    let file = AccountsFile(directory.path + "/users")
    #expect(throws: AccountsError.self) { try file.read() }
    try file.change(orEmpty: true) { users throws(AccountsError) in try users.add("a", .placeholder) }
    try file.change { users throws(AccountsError) in try users.add("b", .placeholder) }
    #expect(try file.read().count == 2)
    #expect(throws: AccountsError.self) {
      try file.change { users throws(AccountsError) in
        try users.remove("a")
        try users.remove("nobody")
      }
    }
    #expect(try file.read().count == 2)
    #expect(try readFile(file.path).split(separator: "\n").count == 2)
  }

  @Test(arguments: [
    ("plant/%u/#", "dev-1", "plant/boiler/t", true), ("plant/%u/#", "dev-1", "plant/boiler", true),
    ("plant/%u/#", "dev-1", "plant/other/t", false), ("status/%c", "dev-1", "status/dev-1", true),
    ("status/%c", "dev-1", "status/dev-2", false), ("status/%c", "+", "status/x", false),
    ("status/%c", "a/b", "status/a/b", false), ("status/%c", "", "status/", false), ("#", "x", "$forebay/gap", false),
    ("#", "x", "$forebay", false), ("#", "x", "$SYS/x", false), ("", "x", "a", false), ("a,b/+", "x", "b/c", true),
  ])
  func `what a client may publish`(list: String, client: String, topic: String, isAllowed: Bool) throws {
    let account = try #require(text("boiler:\(Self.hash):publish=\(list)").accounts.first)
    #expect(Self.mayPublish(account.permissions(clientID: Array(client.utf8)), topic) == isAllowed)
  }

  @Test(arguments: [
    ("plant/#", "plant/+/temp", true), ("plant/#", "plant", true), ("plant/#", "plant/#", true),
    ("plant/#", "+/x", false),
    ("plant/#", "#", false), ("+/x", "a/x", true), ("+/x", "a/+", false), ("a/+", "a/#", false), ("+/#", "#", true),
    ("#", "a/#", true), ("#", "$SYS/#", false), ("$SYS/#", "$SYS/a", true), ("a/+/c", "a/b/c", true),
    ("a/b", "a/b/c", false), ("a/b/c", "a/b", false),
  ])
  func `what a client may subscribe to lies wholly inside what it is allowed`(
    list: String, filter: String, isAllowed: Bool
  )
    throws
  {
    let account = try #require(text("boiler:\(Self.hash):subscribe=\(list)").accounts.first)
    let asked = try TopicFilter(filter.utf8.span.bytes)
    let mayDo = account.permissions(clientID: [99]).maySubscribe(asked)
    #expect(mayDo == isAllowed)
  }

  @Test func `nobody without an account publishes below what is Forebay's own`() {
    #expect(!Self.mayPublish(.everything, "$forebay/mqtt/session"))
    #expect(Self.mayPublish(.everything, "$forebays/x"))
    #expect(Self.mayPublish(.everything, "plant"))
  }

  private static func mayPublish(_ permissions: Permissions, _ topic: String) -> Bool {
    permissions.mayPublish(topic.utf8.span.bytes)
  }
}
