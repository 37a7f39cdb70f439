/// Collects what is wrong while a configuration is read. Shared by the sections of one reading; one thread.
final class ConfigurationReport {
  let file: String
  private(set) var problems: [ConfigurationError.Problem] = []

  init(file: String) {
    self.file = file
  }

  func add(_ line: Int, _ message: String) {
    problems.append(ConfigurationError.Problem(line: line, message: message))
  }

  func throwIfAny() throws(ConfigurationError) {
    guard !problems.isEmpty else { return }
    let ordered = problems.enumerated().sorted { ($0.element.line, $0.offset) < ($1.element.line, $1.offset) }
    throw ConfigurationError(file: file, problems: ordered.map(\.element))
  }
}
