import Support
import Testing

/// Routes to real child processes and files.
struct RouteTests {
  private let directory = TemporaryDirectory()

  private func script(_ name: String, _ body: String) throws -> String {
    let path = "\(directory.path)/\(name)"
    try writeFile(path, "#!/bin/bash\n" + body + "\n")
    return path
  }

  private func numbers(_ range: Range<Int>) -> [String] { range.map { "\($0)" } }

  private func lines(_ path: String) -> [String] {
    ((try? readFile(path)) ?? "").split(separator: "\n").map(String.init)
  }

  @Test func `a handler that fails for a while gets everything, in order, once it works again`() throws {
    let works = directory.path + "/works"
    let taken = directory.path + "/taken"
    let handler = try script(
      "handler",
      """
      while read -r line; do
        [ -e '\(works)' ] || exit 3
        sed 's/.*"payload"://; s/}$//' <<< "$line" >> '\(taken)'
        echo ok
      done
      """)
    let forebay = try ForebayProcess(
      """
      routes: [{ name: "siren", topics: ["+/alarm"], exec: ["bash", "\(handler)"],
        retry: { attempts: 20, first: "100 ms", longest: "500 ms" } }]
      """, in: directory)
    try MosquittoBroker.publish(numbers(0..<50), to: "pump/alarm", port: forebay.mqttPort, in: directory)
    try MosquittoBroker.publish(["1"], to: "pump/temp", port: forebay.mqttPort, in: directory)
    try waitUntil("three failed attempts") { try forebay.command("status").contains("exit") }
    #expect(lines(taken) == [])
    try writeFile(works, "")
    try waitUntil("all records; \(forebay.errors)") { lines(taken).count >= 50 }
    #expect(lines(taken) == numbers(0..<50))
    #expect(try forebay.command("query", "$forebay/#").isEmpty)

    // What came while the daemon was down or the handler away is not lost, and nothing comes twice.
    try forebay.kill()
    try forebay.restart()
    try MosquittoBroker.publish(numbers(50..<60), to: "pump/alarm", port: forebay.mqttPort, in: directory)
    try waitUntil("the new records") { lines(taken).contains("59") }
    var seen = Set<String>()
    #expect(lines(taken).filter { seen.insert($0).inserted } == numbers(0..<60))
    try forebay.stop()
  }

  @Test func `a record that always fails becomes a dead letter with its reason, and the rest arrives`() throws {
    let taken = directory.path + "/taken"
    let handler = try script(
      "handler",
      """
      while read -r line; do
        case "$line" in
          *'"payload":13}') echo 'error thirteen is not taken here' ;;
          *) sed 's/.*"payload"://; s/}$//' <<< "$line" >> '\(taken)'; echo ok ;;
        esac
      done
      """)
    let forebay = try ForebayProcess(
      """
      routes: [{ name: "picky", topics: ["#"], exec: ["bash", "\(handler)"],
        retry: { attempts: 3, first: "50 ms", longest: "100 ms" } }]
      """, in: directory)
    try MosquittoBroker.publish(numbers(0..<30), to: "t", port: forebay.mqttPort, in: directory)
    try waitUntil("the last record; \(forebay.errors)") { lines(taken).contains("29") }
    var letters = ""
    try waitUntil("the dead letter; \(forebay.errors)") {
      letters = try forebay.command("query", "$forebay/dead-letter/picky", "--format", "ndjson")
      return !letters.isEmpty
    }
    try waitUntil("the route's end") { try forebay.command("status", "--format", "json").contains("\"lag\":0") }
    #expect(lines(taken) == numbers(0..<30).filter { $0 != "13" })
    #expect(letters.split(separator: "\n").count == 1)
    for part in [
      #""payload":13"#, #""reason":"#, "thirteen is not taken here", #""attempts":3"#, #""originalTopic":"t""#,
      #""originalOffset":13"#,
    ] {
      #expect(letters.contains(part), "\(part) in \(letters)")
    }
    try forebay.stop()
  }

  @Test func `a file route writes every record once, also across kill -9`() throws {
    let path = directory.path + "/alarms.ndjson"
    let forebay = try ForebayProcess(
      #"routes: [{ name: "book", topics: ["t/#"], file: { path: "\#(path)" } }]"#, in: directory)
    for round in 0..<4 {
      try MosquittoBroker.publish(
        numbers(round * 500..<(round + 1) * 500), to: "t/x", port: forebay.mqttPort, in: directory)
      try forebay.kill()
      try forebay.restart()
    }
    try waitUntil("2000 lines; \(forebay.errors)") { lines(path).count >= 2000 }
    try forebay.stop()
    let found = lines(path).map { $0.split(separator: ":").last!.dropLast() }
    #expect(found.map(String.init) == numbers(0..<2000))
  }

  @Test func `a route whose program does not exist harms nothing else, and delivers when it is there`() throws {
    let path = directory.path + "/book"
    let program = directory.path + "/missing"
    let taken = directory.path + "/taken"
    let forebay = try ForebayProcess(
      """
      routes: [
        { name: "broken", topics: ["#"], exec: ["\(program)"], retry: { attempts: 2, first: "50 ms", longest: "200 ms" } },
        { name: "book", topics: ["#"], file: { path: "\(path)" } },
      ]
      """, in: directory)
    try MosquittoBroker.publish(numbers(0..<20), to: "t", port: forebay.mqttPort, in: directory)
    try waitUntil("the file route") { lines(path).count == 20 }
    try waitUntil("the error in the status") { try forebay.command("status").contains("broken") }
    _ = try script("missing", "while read -r line; do echo \"$line\" >> '\(taken)'; echo ok; done")
    let chmod = try TestProcess("chmod", ["+x", program], in: directory)
    try chmod.wait()
    try waitUntil("the repaired route; \(forebay.errors)") { lines(taken).count == 20 }
    #expect(try forebay.command("query", "$forebay/#").isEmpty)
    try forebay.stop()
  }
}
