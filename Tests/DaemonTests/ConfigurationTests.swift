import Console
import Daemon
import Ingress
import Storage
import Testing

struct ConfigurationTests {
  private func read(_ text: String, data: String? = "/d") throws -> Configuration {
    try Configuration.read(Array(text.utf8), file: "f.json5", data: data)
  }

  private func problems(_ text: String) -> [String] {
    do {
      _ = try read(text)
      return []
    } catch {
      return "\(error)".split(separator: "\n").map(String.init)
    }
  }

  @Test func `an empty file gives every default`() throws {
    let configuration = try read("{}")
    #expect(configuration.gateway == "gateway")
    #expect(configuration.log == LogConfiguration(directory: "/d"))
    var ingress = IngressConfiguration()
    ingress.mqtt?.stateDirectory = "/d/mqtt"
    #expect(configuration.ingress == ingress)
    #expect(configuration.console == ConsoleConfiguration(socket: "/d/console.sock"))
  }

  @Test func `every key is read`() throws {
    let configuration = try read(
      """
      {
        gateway: "plant-7", data: "/over/ruled",
        mqtt: { listen: ["127.0.0.1:1884", "[::]:0"], anonymous: true, maxConnections: 7, maxPacket: "2 MiB",
          threads: 3 },
        udp: [{ listen: "0.0.0.0:5510", topic: "u/{address}/{port}", maxDatagram: 1500, receiveBuffer: "1 MiB" }],
        log: { maxBytes: "4 GiB", segment: "8 MiB", commitDelay: "5 ms", commitBuffer: "1 MiB",
          maxAge: "90 d", keepFree: "2.5 %", whenFull: "refuse" },
        console: { listen: "127.0.0.1:9", socket: "/run/c.sock" },
      }
      """)
    #expect(configuration.gateway == "plant-7")
    #expect(configuration.data == "/d")
    let mqtt = try #require(configuration.ingress.mqtt)
    #expect(mqtt.listen == ["127.0.0.1:1884", "[::]:0"])
    #expect(mqtt.anonymous && mqtt.maxConnections == 7 && mqtt.maxPacketBytes == 2 << 20)
    #expect(mqtt.threads == 3 && configuration.summary.contains("MQTT on 127.0.0.1:1884 and [::]:0 (3 threads)"))
    let udp = try #require(configuration.ingress.udp.first)
    #expect(udp.listen == "0.0.0.0:5510" && udp.topic == "u/{address}/{port}")
    #expect(udp.maxDatagramBytes == 1500 && udp.receiveBufferBytes == 1 << 20)
    #expect(configuration.log.maxBytes == 4 << 30 && configuration.log.segmentBytes == 8 << 20)
    #expect(configuration.log.commitDelayMilliseconds == 5 && configuration.log.commitBufferBytes == 1 << 20)
    #expect(configuration.log.maxAgeMilliseconds == 90 * 86_400_000 && configuration.log.keepFree == .percent(2.5))
    #expect(configuration.log.whenFull == .refuse)
    #expect(configuration.console.listen == "127.0.0.1:9" && configuration.console.isListenRequired)
    #expect(configuration.console.socket == "/run/c.sock")
  }

  @Test func `the data directory of the file counts where no option overrules it`() throws {
    #expect(try read("{data: \"/there\"}", data: nil).data == "/there")
  }

  @Test func `what is to stay free is a share or a size, and records need not age`() throws {
    #expect(try read("{log: {keepFree: \"2 GiB\"}}").log.keepFree == .bytes(2 << 30))
    #expect(try read("{log: {keepFree: 0}}").log.keepFree == .bytes(0))
    #expect(try read("{log: {keepFree: \"5%\"}}").log.keepFree == .percent(5))
    #expect(try read("{log: {maxAge: null}}").log.maxAgeMilliseconds == nil)
  }

  @Test func `listeners can be turned off`() throws {
    #expect(try read("{mqtt: {listen: []}}").ingress.mqtt == nil)
    #expect(try read("{console: {listen: null}}").console.listen == nil)
  }

  @Test(arguments: [
    ("an unknown key", "{\n gatway: 1}", "f.json5:2: there is no `gatway`; did you mean `gateway`?"),
    (
      "an unknown key of a section", "{mqtt: {\n\n maxConnectons: 5}}",
      "f.json5:3: there is no `maxConnectons` in `mqtt`; did you mean `maxConnections`?"
    ),
    (
      "nothing near", "{log: {zzzzzz: 1}}",
      "f.json5:1: there is no `zzzzzz` in `log`; known are `commitBuffer`, `commitDelay`, `keepFree`, `maxAge`, `maxBytes`, `segment`, `whenFull`"
    ),
    ("a wrong type", "{gateway: 7}", "f.json5:1: `gateway` is 7; write a text in quotes"),
    ("a section that is none", "{mqtt: true}", "f.json5:1: `mqtt` is a boolean; write an object: { … }"),
    (
      "a list that is none", "{mqtt: {listen: \"0.0.0.0:1\"}}",
      "f.json5:1: `mqtt.listen` is \"0.0.0.0:1\"; write a list of texts: [\"…\"]"
    ),
    (
      "an element of the wrong type", "{mqtt: {listen: [\n1]}}",
      "f.json5:2: `mqtt.listen[0]` is a number; write a text in quotes"
    ),
    (
      "a number out of range", "{mqtt: {maxConnections: 0}}",
      "f.json5:1: `mqtt.maxConnections` is 0; write a number from 1 to 1000000"
    ),
    (
      "too many threads", "{mqtt: {threads: 65}}", "f.json5:1: `mqtt.threads` is 65; write a number from 1 to 64"
    ),
    (
      "half a number", "{mqtt: {maxConnections: 1.5}}",
      "f.json5:1: `mqtt.maxConnections` is 1.5; write a whole number, such as 10000"
    ),
    (
      "a size out of range", "{log: {segment: \"1 KiB\"}}",
      "f.json5:1: `log.segment` is 1 KiB; write one from \"1 MiB\" to \"1 GiB\""
    ),
    (
      "a size that is none", "{log: {maxBytes: \"lots\"}}",
      "f.json5:1: `log.maxBytes` is \"lots\"; write a size, such as \"1 GiB\""
    ),
    (
      "a duration without a unit", "{log: {commitDelay: 5}}",
      "f.json5:1: `log.commitDelay` is 5; write a duration with its unit (ms, s, m, h, d), such as \"0 ms\""
    ),
    (
      "no port", "{udp: [{listen: \"0.0.0.0\"}]}",
      "f.json5:1: `udp[0].listen` is \"0.0.0.0\"; write an address and a port: \"0.0.0.0:1883\" or \"[::]:1883\""
    ),
    (
      "a port out of range", "{console: {listen: \"a:65536\"}}",
      "f.json5:1: `console.listen` is \"a:65536\"; write an address and a port: \"0.0.0.0:1883\" or \"[::]:1883\""
    ),
    (
      "bare IPv6", "{console: {listen: \"::1:80\"}}",
      "f.json5:1: `console.listen` is \"::1:80\"; write an address and a port: \"0.0.0.0:1883\" or \"[::]:1883\""
    ),
    ("something missing", "{udp: [\n{}]}", "f.json5:2: `udp[0].listen` is missing; write listen: \"0.0.0.0:5510\""),
    (
      "a wildcard in the name", "{gateway: \"a/b\"}",
      "f.json5:1: `gateway` is \"a/b\"; write at most 128 bytes, without `+`, `#` and `/`"
    ),
    ("a control character", "{gateway: \"a\\n\"}", "f.json5:1: `gateway` has a control character in it; remove it"),
    ("not there yet", "{\nprofiles: []}", "f.json5:2: `profiles` is not available in this version; remove it"),
    (
      "an age too short to be kept", "{log: {maxAge: \"5 m\"}}",
      "f.json5:1: `log.maxAge` is 5 m; write one from \"1 h\" to \"36500 d\""
    ),
    (
      "a share that is none", "{log: {keepFree: \"5\"}}",
      "f.json5:1: `log.keepFree` is \"5\"; write a share of the disk up to \"50 %\", or a size, such as \"2 GiB\""
    ),
    (
      "a share too large", "{log: {keepFree: \"51 %\"}}",
      "f.json5:1: `log.keepFree` is \"51 %\"; write a share of the disk up to \"50 %\", or a size, such as \"2 GiB\""
    ),
    (
      "something else to do when full", "{log: {whenFull: \"panic\"}}",
      "f.json5:1: `log.whenFull` is \"panic\"; write \"dropOldest\" or \"refuse\""
    ),
    (
      "a socket path the kernel does not take", "{console: {socket: \"/\(String(repeating: "x", count: 107))\"}}",
      "f.json5:1: `console.socket` is 108 bytes long; write a path of at most 107 bytes"
    ),
    ("no JSON5", "{a: 1\nb: 2}", "f.json5:2: found `b` behind the value of `a`; write `,` or `}` (column 1)"),
    ("a list for a file", "[]", "f.json5:1: the configuration is a list; write an object: { … }"),
  ])
  func `what is wrong is said with file, line, key and remedy`(name: String, text: String, problem: String) {
    #expect(problems(text) == [problem], "\(name)")
  }

  @Test func `every mistake of a file is reported at once, in the order of the lines`() {
    let found = problems("{\n log: {\n segment: 1,\n maxBytes: true },\n mqtt: 7,\n gateway: [],\n nothing: 0 }")
    #expect(found.map { $0.split(separator: ":")[1] } == ["3", "4", "5", "6", "7"])
  }

  @Test func `past twenty mistakes are only counted`() {
    let keys = (0..<25).map { "unheardOf\($0): 0" }.joined(separator: ",\n")
    let found = problems("{\(keys)}")
    #expect(found.count == 21)
    #expect(found.last == "f.json5: … and 5 more")
  }

  @Test func `a file that is not there is an error of the configuration`() {
    let error = #expect(throws: ConfigurationError.self) { try Configuration.load("/nowhere/f.json5") }
    #expect(error.map { ExitCode(for: $0) } == .configuration)
  }
}
