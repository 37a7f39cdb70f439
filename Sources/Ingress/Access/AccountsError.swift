package import Platform

/// Why a users file gives no accounts, or does not take a change. Each description says what to do.
package enum AccountsError: Error, Hashable, Sendable, CustomStringConvertible {
  case unreadable(String, SystemError)
  /// Every mistake in the file.
  case mistakes(String, [Mistake])
  case unwritable(String, SystemError)
  case alreadyThere(String, path: String)
  case notThere(String, path: String)
  /// What was to be added is no account.
  case refused(AccountProblem)

  package struct Mistake: Hashable, Sendable {
    /// Counted from 1.
    package let line: Int
    package let problem: AccountProblem
  }

  /// More than this are only counted.
  package static let maximumMistakes = 20

  package var description: String {
    switch self {
    case .unreadable(let path, let error) where error.isNotFound:
      "\(path): there is no such users file; make it with `forebay user add NAME --users \(path)`"
    case .unreadable(let path, let error):
      "\(path): the users file cannot be read: \(error.reason); name a file that this user may read"
    case .mistakes(let path, let mistakes):
      Self.lines(path, mistakes).joined(separator: "\n")
    case .unwritable(let path, let error):
      "\(path): the users file cannot be written: \(error.reason); run as a user who may write there, or name another file "
        + "with --users"
    case .alreadyThere(let name, let path):
      "\(path): there is a user `\(name)` already; `forebay user passwd \(name)` sets another password"
    case .notThere(let name, let path):
      "\(path): there is no user `\(name)`; `forebay user list` shows who there is"
    case .refused(let problem): problem.description
    }
  }

  /// One line a mistake: `/etc/forebay/users:3: …`.
  private static func lines(_ path: String, _ mistakes: [Mistake]) -> [String] {
    var lines = mistakes.prefix(maximumMistakes).map { "\(path):\($0.line): \($0.problem)" }
    let more = mistakes.count - lines.count
    if more > 0 { lines.append("\(path): … and \(more) more") }
    return lines
  }
}
