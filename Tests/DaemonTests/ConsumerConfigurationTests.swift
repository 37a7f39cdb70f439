import Daemon
import Ingress
import Mosquitto
import Records
import Routing
import Support
import Testing
import Uplink
import Wire

/// Routes, uplinks and broker subscriptions in the configuration.
struct ConsumerConfigurationTests {
  private let directory = TemporaryDirectory()

  private func read(_ text: String) throws -> Configuration {
    try Configuration.read(Array(text.utf8), file: "f", data: "/d")
  }

  private func problems(_ text: String) -> [String] {
    do {
      _ = try read(text)
      return []
    } catch {
      return "\(error)".split(separator: "\n").map(String.init)
    }
  }

  @Test func `routes are read with every key, and with none`() throws {
    let routes = try read(
      """
      { routes: [
        { name: "siren", topics: ["+/alarm", "$forebay/#"], exec: ["/bin/siren", "-v"], timeout: "5 s",
          retry: { attempts: 3, first: "10 ms", longest: "2 m" } },
        { name: "csv", topics: ["#"], file: { path: "/d/x.csv", format: "csv", maxBytes: "1 MiB", keep: 2 } },
        { name: "plain", topics: ["a"], file: { path: "/d/y" } },
      ] }
      """
    ).routes
    var exec = ExecConfiguration(command: ["/bin/siren", "-v"])
    exec.timeoutMilliseconds = 5000
    var siren = RouteConfiguration(name: "siren", topics: ["+/alarm", "$forebay/#"], handler: .exec(exec))
    siren.retry.attempts = 3
    siren.retry.firstMilliseconds = 10
    siren.retry.longestMilliseconds = 120_000
    var file = FileConfiguration(path: "/d/x.csv")
    file.format = .csv
    file.maxBytes = 1 << 20
    file.keep = 2
    let csv = RouteConfiguration(name: "csv", topics: ["#"], handler: .file(file))
    let plain = RouteConfiguration(name: "plain", topics: ["a"], handler: .file(FileConfiguration(path: "/d/y")))
    #expect(routes == [siren, csv, plain])
  }

  @Test func `uplinks are read with every key, and with none`() throws {
    let uplinks = try read(
      """
      { uplinks: [
        { name: "centre", topics: ["plant/#"], shipment: { records: 10, bytes: "64 KiB", wait: "5 s" },
          mqtt: { host: "m.example", port: 1884, user: "u", password: "p", clientID: "c", keepAlive: "1 m",
            format: "batches", topicPrefix: "site/", batchTopic: "b", requireSubscribers: false } },
        { name: "plain", mqtt: { host: "m.example" } },
        { name: "secure", mqtt: { host: "m.example", tls: {} } },
      ] }
      """
    ).uplinks
    var target = MQTTTargetConfiguration(host: "m.example")
    target.port = 1884
    target.user = "u"
    target.password = "p"
    target.clientID = "c"
    target.keepAliveSeconds = 60
    target.format = .batches
    target.topicPrefix = "site/"
    target.batchTopic = "b"
    target.requireSubscribers = false
    var centre = UplinkConfiguration(name: "centre", target: .mqtt(target))
    centre.topics = ["plant/#"]
    centre.shipmentRecords = 10
    centre.shipmentBytes = 64 << 10
    centre.shipmentWaitMilliseconds = 5000
    #expect(uplinks[0] == centre)
    #expect(uplinks[1] == UplinkConfiguration(name: "plain", target: .mqtt(MQTTTargetConfiguration(host: "m.example"))))
    guard case .mqtt(let secure) = uplinks[2].target else { return }
    #expect(secure.port == 8883 && secure.tls == TLSConfiguration())
  }

  @Test func `Kafka uplinks are read with every key, and in which order and when records go`() throws {
    let uplinks = try read(
      """
      { uplinks: [
        { name: "a", order: "freshFirst", backlogShare: "25 %", schedule: ["Mon-Fri 18:00-24:00", "Sat,Sun"],
          kafka: { brokers: ["k1:9092"], topic: "telemetry", rules: [{ topics: ["+/alarm", "alarm/#"], topic: "alarms" }],
            partition: "key", identity: "none", clientID: "c", createTopic: true, user: "u", password: "p",
            mechanism: "SCRAM-SHA-256" } },
        { name: "b", kafka: { brokers: ["k1:9092"], topic: "t" } },
      ] }
      """
    ).uplinks
    var kafka = KafkaTargetConfiguration(brokers: ["k1:9092"], topic: "telemetry")
    kafka.rules = [.init(filters: [try TopicFilter("+/alarm"), try TopicFilter("alarm/#")], topic: "alarms")]
    (kafka.partitioning, kafka.identity) = (.key, .none)
    (kafka.clientID, kafka.createTopic) = ("c", true)
    kafka.credentials = .init(.scramSHA256, user: "u", password: "p")
    var expected = UplinkConfiguration(name: "a", target: .kafka(kafka))
    (expected.order, expected.backlogShare) = (.freshFirst, 0.25)
    expected.schedule = try Schedule(["Mon-Fri 18:00-24:00", "Sat,Sun"])
    #expect(uplinks[0] == expected)
    let plain = KafkaTargetConfiguration(brokers: ["k1:9092"], topic: "t")
    #expect(uplinks[1] == UplinkConfiguration(name: "b", target: .kafka(plain)))
  }

  @Test func `RabbitMQ uplinks are read with every key`() throws {
    let uplinks = try read(
      """
      { uplinks: [
        { name: "a", maxRate: "256 KiB/s", timeout: "2 m",
          rabbitmq: { hosts: ["r1:5552", "[::1]:5552"], stream: "s", user: "u", password: "p", vhost: "/v",
            compression: "none", followLeader: false, create: { maxBytes: "1 GiB", maxAge: "7 d", segment: "64 MiB", replicas: 3 } } },
        { name: "b", rabbitmq: { hosts: ["r1:5552"], superStream: "t" } },
        { name: "c", rabbitmq: { hosts: ["r1:5552"], streams: ["t-0", "t-1"] } },
      ] }
      """
    ).uplinks
    var target = RabbitMQTargetConfiguration(hosts: ["r1:5552", "[::1]:5552"], .streams(["s"]))
    target.credentials = .init(user: "u", password: "p", virtualHost: "/v")
    target.compression = .none
    target.followLeader = false
    var limits = RabbitMQStreamLimits()
    limits.maxBytes = 1 << 30
    limits.maxAgeSeconds = 7 * 86_400
    limits.segmentBytes = 64 << 20
    limits.replicas = 3
    target.create = limits
    #expect(uplinks[0].target == .rabbitMQ(target) && uplinks[0].maxBytesPerSecond == 256 << 10)
    #expect(uplinks.map(\.timeoutSeconds) == [120, 30, 30])
    #expect(uplinks[1].target == .rabbitMQ(.init(hosts: ["r1:5552"], .superStream("t"))))
    #expect(uplinks[1].maxBytesPerSecond == nil)
    #expect(uplinks[2].target == .rabbitMQ(.init(hosts: ["r1:5552"], .streams(["t-0", "t-1"]))))
  }

  @Test func `broker subscriptions are read, with a password and certificates from files`() throws {
    let (password, certificate) = (directory.path + "/password", directory.path + "/ca.pem")
    try writeFile(password, "se cret\nsecond line\n")
    try writeFile(certificate, "PEM")
    let configuration = try read(
      """
      { mqtt: { subscribe: [{ name: "site", host: "10.0.0.5", topics: ["line/#"], qos: 0, user: "u",
          passwordFile: "\(password)", tls: { ca: "\(certificate)" } }] } }
      """)
    let site = try #require(configuration.subscriptions.first)
    #expect(site.name == "site" && site.host == "10.0.0.5" && site.port == 8883 && site.topics == ["line/#"])
    #expect(site.qos == 0 && site.user == "u" && site.password == "se cret" && site.tls?.ca == certificate)
  }

  @Test(arguments: [
    (
      "a route without a handler", "{routes: [{name: \"a\", topics: [\"#\"]}]}",
      "f:1: `routes[0].exec` is missing; write exec: [\"/path/to/program\"] or file: { path: \"…\" }"
    ),
    (
      "a route with two", "{routes: [{name: \"a\", topics: [\"#\"], exec: [\"x\"], file: {path: \"y\"}}]}",
      "f:1: `routes[0].file` stands beside `exec`; a route has one handler: write a second route"
    ),
    (
      "an empty command", "{routes: [{name: \"a\", topics: [\"#\"], exec: []}]}",
      "f:1: `routes[0].exec` is empty; write a program and its arguments: [\"/path/to/program\"]"
    ),
    (
      "a handler of a later version", "{routes: [{name: \"a\", topics: [\"#\"], http: {}}]}",
      "f:1: `routes[0].http` is not available in this version; remove it"
    ),
    (
      "no topics", "{routes: [{name: \"a\", exec: [\"x\"]}]}",
      "f:1: `routes[0].topics` is missing; write topics: [\"#\"] for everything"
    ),
    (
      "a wrong filter", "{routes: [{name: \"a\", topics: [\n\"a/b#\"], exec: [\"x\"]}]}",
      "f:2: `routes[0].topics[0]` is \"a/b#\"; a wildcard must fill a whole level, and `#` must be the last: `plant/+/temp`, `plant/#`"
    ),
    (
      "a name that is no file's", "{routes: [{name: \"a/b\", topics: [\"#\"], exec: [\"x\"]}]}",
      "f:1: `routes[0].name` is \"a/b\"; write letters, digits, `-`, `_` and `.`, at most 100 and no `.` in front"
    ),
    (
      "the same name twice",
      "{routes: [{name: \"a\", topics: [\"#\"], exec: [\"x\"]},\n{name: \"a\", topics: [\"#\"], exec: [\"x\"]}]}",
      "f:2: `routes[1].name` is \"a\", like another in `routes`; give each a name of its own"
    ),
    (
      "a format that is none", "{routes: [{name: \"a\", topics: [\"#\"], file: {path: \"p\", format: \"xml\"}}]}",
      "f:1: `routes[0].file.format` is \"xml\"; write \"ndjson\" or \"csv\""
    ),
    (
      "an uplink without a target", "{uplinks: [{name: \"a\"}]}",
      "f:1: `uplinks[0].mqtt` or `kafka` or `rabbitmq` is missing; write mqtt: { host: \"mqtt.example.com\" }"
    ),
    (
      "no RabbitMQ hosts", "{uplinks: [{name: \"a\", rabbitmq: {stream: \"t\"}}]}",
      "f:1: `uplinks[0].rabbitmq.hosts` is missing; write hosts: [\"rabbitmq.example.com:5552\"]"
    ),
    (
      "no stream", "{uplinks: [{name: \"a\", rabbitmq: {hosts: [\"r:5552\"]}}]}",
      "f:1: `uplinks[0].rabbitmq.stream` is missing; write stream: \"telemetry\""
    ),
    (
      "two kinds of stream",
      "{uplinks: [{name: \"a\", rabbitmq: {hosts: [\"r:5552\"], stream: \"s\", superStream: \"t\"}}]}",
      "f:1: `uplinks[0].rabbitmq.superStream` stands beside `stream`; a gateway's records go to one of them"
    ),
    (
      "a super stream to be made",
      "{uplinks: [{name: \"a\", rabbitmq: {hosts: [\"r:5552\"], superStream: \"t\", create: {}}}]}",
      "f:1: `uplinks[0].rabbitmq.create` does not go with `superStream`; make it with rabbitmq-streams add_super_stream"
    ),
    (
      "two targets", "{uplinks: [{name: \"a\", mqtt: {host: \"h\"}, kafka: {brokers: [\"k:9\"], topic: \"t\"}}]}",
      "f:1: `uplinks[0].kafka` stands beside `mqtt`; make two uplinks of them"
    ),
    (
      "no brokers", "{uplinks: [{name: \"a\", kafka: {topic: \"t\"}}]}",
      "f:1: `uplinks[0].kafka.brokers` is missing; write brokers: [\"kafka.example.com:9092\"]"
    ),
    (
      "a user without a password",
      "{uplinks: [{name: \"a\", kafka: {brokers: [\"k:9092\"], topic: \"t\", user: \"u\"}}]}",
      "f:1: `uplinks[0].kafka.password` is missing; `user` and `password` (or `passwordFile`) go together"
    ),
    (
      "a topic that is none for Kafka", "{uplinks: [{name: \"a\", kafka: {brokers: [\"k:9092\"], topic: \"a/b\"}}]}",
      "f:1: `uplinks[0].kafka.topic` is \"a/b\"; Kafka's topics have letters, digits, `.`, `_` and `-`, up to 249 of them"
    ),
    (
      "a rule without topics",
      "{uplinks: [{name: \"a\", kafka: {brokers: [\"k:9092\"], topic: \"t\", rules: [{topic: \"u\"}]}}]}",
      "f:1: `uplinks[0].kafka.rules[0].topics` is missing; write topics: [\"+/alarm\"]"
    ),
    (
      "a span of time that is none", "{uplinks: [{name: \"a\", mqtt: {host: \"h\"}, schedule: [\"nights\"]}]}",
      "f:1: `uplinks[0].schedule` has \"nights\", which is no span of time; write \"22:00-06:00\", \"Mon-Fri 18:00-24:00\" or \"Sat,Sun\""
    ),
    (
      "a schedule without spans", "{uplinks: [{name: \"a\", mqtt: {host: \"h\"}, schedule: []}]}",
      "f:1: `uplinks[0].schedule` is empty; write [\"22:00-06:00\"], or remove it to be connected always"
    ),
    (
      "a share without an order", "{uplinks: [{name: \"a\", mqtt: {host: \"h\"}, backlogShare: \"20 %\"}]}",
      "f:1: `uplinks[0].backlogShare` goes with `order: \"freshFirst\"`; in strict order there is one way alone"
    ),
    (
      "a share that is none",
      "{uplinks: [{name: \"a\", mqtt: {host: \"h\"}, order: \"freshFirst\", backlogShare: \"100 %\"}]}",
      "f:1: `uplinks[0].backlogShare` is \"100 %\"; write one from \"1 %\" to \"99 %\""
    ),
    (
      "a rate that is none", "{uplinks: [{name: \"a\", mqtt: {host: \"h\"}, maxRate: \"1 KiB\"}]}",
      "f:1: `uplinks[0].maxRate` is \"1 KiB\"; write a rate with its unit, such as \"256 KiB/s\""
    ),
    (
      "a time-out that anything would trip", "{uplinks: [{name: \"a\", mqtt: {host: \"h\"}, timeout: \"10 ms\"}]}",
      "f:1: `uplinks[0].timeout` is 10 ms; write one from \"1 s\" to \"10 m\""
    ),
    (
      "no host", "{uplinks: [{name: \"a\", mqtt: {}}]}",
      "f:1: `uplinks[0].mqtt.host` is missing; write host: \"mqtt.example.com\""
    ),
    (
      "a wildcard in a topic", "{uplinks: [{name: \"a\", mqtt: {host: \"h\", topicPrefix: \"#\"}}]}",
      "f:1: `uplinks[0].mqtt.topicPrefix` is \"#\"; it contains a wildcard; `+` and `#` belong in filters only"
    ),
    (
      "a certificate alone", "{uplinks: [{name: \"a\", mqtt: {host: \"h\", tls: {certificate: \"/dev/null\"}}}]}",
      "f:1: `uplinks[0].mqtt.tls.key` is missing; a client's `certificate` and `key` go together"
    ),
    (
      "a certificate that is not there", "{uplinks: [{name: \"a\", mqtt: {host: \"h\", tls: {ca: \"/nowhere\"}}}]}",
      "f:1: `uplinks[0].mqtt.tls.ca` names /nowhere, which cannot be read; name a file (PEM) the daemon may read"
    ),
    (
      "a password without a user", "{uplinks: [{name: \"a\", mqtt: {host: \"h\", password: \"p\"}}]}",
      "f:1: `uplinks[0].mqtt.user` is missing beside a password; write user: \"…\""
    ),
    (
      "a password file that is not there",
      "{uplinks: [{name: \"a\", mqtt: {host: \"h\", user: \"u\", passwordFile: \"/nowhere\"}}]}",
      "f:1: `uplinks[0].mqtt.passwordFile` names /nowhere, which cannot be read: No such file or directory; name a file the daemon may read"
    ),
    (
      "QoS 2 of a broker", "{mqtt: {subscribe: [{name: \"a\", host: \"h\", topics: [\"#\"], qos: 2}]}}",
      "f:1: `mqtt.subscribe[0].qos` is 2; write a number from 0 to 1"
    ),
  ])
  func `what is wrong is said with file, line, key and remedy`(name: String, text: String, problem: String) {
    #expect(problems(text) == [problem], "\(name)")
  }

  @Test func `a password never stands in a message`() {
    let found = problems(
      "{uplinks: [{name: \"a\", mqtt: {host: \"h\", user: \"u\", password: \"geheim\", passwordFile: \"/x\"}}]}")
    #expect(!found.isEmpty && !found.joined().contains("geheim"))
    #expect(
      problems("{uplinks: [{name: \"a\", mqtt: {host: \"h\", user: \"u\", password: 4711}}]}").contains {
        !$0.contains("4711")
      })
  }
}
