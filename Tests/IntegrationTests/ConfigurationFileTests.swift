import Support
import Testing

/// Configuration files as `forebay check`, `forebay run` and SIGHUP see them.
struct ConfigurationFileTests {
  private let directory = TemporaryDirectory()
  private var file: String { directory.path + "/plant.json5" }

  @Test func `check reports every mistake with file and line, and ends with 78`() throws {
    try writeFile(file, "{\n gatway: 1,\n mqtt: { maxPacket: \"5 parsecs\" },\n kafka: {} }")
    let process = try TestProcess(ForebayProcess.executable, ["check", file], in: directory)
    #expect(try process.wait() == 78)
    let lines = process.errors.split(separator: "\n")
    #expect(lines.count == 3)
    #expect(lines.allSatisfy { $0.hasPrefix("\(file):") })
    #expect(lines[0] == "\(file):2: there is no `gatway`; did you mean `gateway`?")
  }

  @Test func `check says that a file is in order`() throws {
    try writeFile(file, "{ gateway: \"plant-7\" }")
    let process = try TestProcess(ForebayProcess.executable, ["check", file], in: directory)
    #expect(try process.wait() == 0)
    #expect(process.output.hasPrefix("\(file) is in order: gateway plant-7"))
  }

  @Test func `run refuses a wrong file with 78 and makes nothing`() throws {
    try writeFile(file, "{ data: \"\(directory.path)/data\", nothing: 1 }")
    let process = try TestProcess(ForebayProcess.executable, ["run", "--config", file], in: directory)
    #expect(try process.wait() == 78)
    #expect(process.errors.contains("\(file):1: "))
    #expect((try? readFile(directory.path + "/data/lock")) == nil)
  }

  @Test func `the example of the installation is in order`() throws {
    let example = repository + "/systemd/forebay.json5"
    let process = try TestProcess(ForebayProcess.executable, ["check", example], in: directory)
    #expect(try process.wait() == 0, "\(process.errors)")
  }

  private var repository: String {
    #filePath.components(until: "/Tests/")
  }
}

extension String {
  fileprivate func components(until part: String) -> String {
    guard let range = firstRange(of: part) else { return self }
    return String(self[..<range.lowerBound])
  }
}
