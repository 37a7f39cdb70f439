import Support
import Testing

/// `forebay status`, with a daemon and without.
struct StatusTests {
  private func json(_ text: String, _ key: String) -> Substring? {
    guard let start = text.firstRange(of: "\"\(key)\":") else { return nil }
    return text[start.upperBound...].prefix { !",}".contains($0) }
  }

  @Test func `rates, lag and what waits are in the report of a running daemon`() throws {
    let directory = TemporaryDirectory()
    let forebay = try ForebayProcess(
      """
      routes: [
        { name: "keeper", topics: ["#"], file: { path: "\(directory.path)/out" } },
        { name: "stuck", topics: ["#"], exec: ["/nonexistent/program"] },
      ]
      """, in: directory)
    try forebay.publish(300)
    try waitUntil("a rate, and the route at the end") {
      let report = try forebay.command("status", "--format", "json")
      return json(report, "messagesPerSecond").map { $0 != "null" && $0 != "0.0" } ?? false
        && report.contains(#""name":"keeper","state":"up to date","position":300,"lag":0,"oldestRecord":null"#)
    }
    let report = try forebay.command("status", "--format", "json")
    #expect(report.contains(#""running":true"#) && report.contains(#""waitingRecords":0"#))
    #expect(report.contains(#""position":0,"lag":300,"oldestRecord":"2"#))
    #expect(report.contains(#""commitMicroseconds":{"p50":"#))
    #expect(report.contains(#""secondsToDrain":null"#))
    let text = try forebay.command("status")
    #expect(text.hasPrefix("forebay ") && text.contains("\n  records      300, offsets 0 to 299\n"))
    #expect(text.contains("\n  route stuck                   0         300 "))
    for line in text.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
    try forebay.stop()

    let stored = try TestProcess(
      ForebayProcess.executable, ["status", "--data", forebay.data], in: directory)
    #expect(try stored.wait() == 1)
    #expect(stored.output.hasPrefix("no daemon is running on \(forebay.data)"))
    #expect(stored.output.contains("\n  records      300, offsets 0 to 299\n"))
    #expect(stored.output.contains("\n  route keeper                300           0 "))
    let file = try TestProcess(
      ForebayProcess.executable, ["status", "--data", forebay.data, "--format", "json"], in: directory)
    #expect(try file.wait() == 1)
    #expect(file.output.hasPrefix(#"{"running":false,"time":""#) && file.output.contains(#""endOffset":300"#))
  }

  @Test func `--watch shows it again every second, also when the daemon goes`() throws {
    let forebay = try ForebayProcess()
    let watch = try TestProcess(
      ForebayProcess.executable, ["status", "--watch", "--data", forebay.data], in: forebay.directory)
    let reports = try TestProcess(
      ForebayProcess.executable, ["status", "--watch", "--format", "json", "--data", forebay.data],
      in: forebay.directory)
    try waitUntil("two reports") { watch.output.split(separator: "\n\nforebay ").count >= 2 }
    try waitUntil("two objects") { reports.output.split(separator: "\n").count >= 2 }
    #expect(reports.output.split(separator: "\n").allSatisfy { $0.hasPrefix(#"{"running":true"#) })
    try forebay.stop()
    try waitUntil("the end of the daemon to be shown") { watch.output.contains("\n\nno daemon is running") }
    #expect(watch.isRunning && reports.isRunning)
  }

  @Test func `on a terminal --watch stays in its place`() throws {
    let forebay = try ForebayProcess()
    let command = "\(ForebayProcess.executable) status --watch --data \(forebay.data)"
    let process = try TestProcess("script", ["-qfc", command, "/dev/null"], in: forebay.directory)
    try waitUntil("two screens") { process.output.split(separator: "\u{1B}[H").count >= 3 }
    #expect(process.output.hasPrefix("\u{1B}[2J\u{1B}[Hforebay "))
    try forebay.stop()
  }
}
