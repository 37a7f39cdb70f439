package import Platform
package import Records
package import Storage

/// Why a route cannot be started. The description is one sentence and the remedy.
package enum RoutingError: Error, Hashable, Sendable, CustomStringConvertible {
  case badName(String)
  case noTopics(route: String)
  case badTopic(route: String, filter: String, TopicProblem)
  case noCommand(route: String)
  case badFile(route: String, path: String)
  case storage(route: String, StorageError)
  case system(route: String, SystemError)

  package var description: String {
    switch self {
    case .badName(let name):
      "`\(name)` cannot name a route; use letters, digits, `-`, `_` and `.` in `routes[].name`"
    case .noTopics(let route):
      "route `\(route)` has no topics; write `topics: [\"#\"]` for everything"
    case .badTopic(let route, let filter, let problem):
      "route `\(route)` has a wrong topic filter `\(filter)`: \(problem); correct `routes[].topics`"
    case .noCommand(let route):
      "route `\(route)` has an empty command; name a program in `routes[].exec`"
    case .badFile(let route, let path):
      "route `\(route)` cannot write to `\(path)`; name a file in `routes[].file.path`"
    case .storage(let route, let error):
      "route `\(route)`: \(error)"
    case .system(let route, let error):
      "route `\(route)`: \(error)"
    }
  }
}
