package import Platform

/// The text of a users file: its accounts, and the lines as they were written. Changing one leaves the others, comments and
/// order as they are.
package struct UsersText: Sendable {
  private struct Line {
    var bytes: [UInt8]
    var account: Account?
  }

  private let path: String
  private var lines: [Line] = []

  /// No accounts.
  /// - Parameter path: what it is called in messages.
  package init(path: String) { self.path = path }

  /// - Throws: every mistake in `bytes`.
  package init(_ bytes: [UInt8], path: String) throws(AccountsError) {
    self.path = path
    var mistakes: [AccountsError.Mistake] = []
    var firstLines: [[UInt8]: Int] = [:]
    var rest = bytes[...]
    while !rest.isEmpty {
      let line = Array(rest.prefix { $0 != UInt8(ascii: "\n") })
      rest = rest.dropFirst(line.count + 1)
      let number = lines.count + 1
      do throws(AccountProblem) {
        let account = try AccountLine.parse(line)
        if let account { try Self.note(account.name, at: number, in: &firstLines) }
        lines.append(Line(bytes: line, account: account))
      } catch {
        mistakes.append(.init(line: number, problem: error))
        lines.append(Line(bytes: line, account: nil))
      }
    }
    guard mistakes.isEmpty else { throw .mistakes(path, mistakes) }
  }

  private static func note(
    _ name: [UInt8], at line: Int, in firstLines: inout [[UInt8]: Int]
  ) throws(AccountProblem) {
    if let first = firstLines[name] {
      let text = String(decoding: name, as: UTF8.self)
      throw AccountProblem("`\(text)` stands in line \(first) already; keep one of the two lines")
    }
    firstLines[name] = line
  }

  /// In the order of the file.
  package var accounts: [Account] { lines.compactMap(\.account) }

  package func has(_ name: String) -> Bool { index(of: name) != nil }

  /// What is to be written: every line with its end.
  package var bytes: [UInt8] { lines.flatMap { $0.bytes + [UInt8(ascii: "\n")] } }

  /// Adds a user at the end.
  /// - Parameters:
  ///   - publish: topic filters, `%u` and `%c` for the levels of the user's name and the client's identifier; nil: everything.
  ///   - subscribe: the same for reading.
  package mutating func add(
    _ name: String, _ hash: PasswordHash, publish: [String]? = nil, subscribe: [String]? = nil
  ) throws(AccountsError) {
    guard !has(name) else { throw .alreadyThere(name, path: path) }
    do throws(AccountProblem) {
      try AccountLine.check(name: Array(name.utf8))
      let line = AccountLine.line(name: Array(name.utf8), hash: hash, publish: publish, subscribe: subscribe)
      let account = try AccountLine.parse(line)
      // What means something else in a line than by itself: a comma, `:publish=`, an end of the line.
      guard !line.contains(UInt8(ascii: "\n")), Self.says(account?.publishFilters, publish),
        Self.says(account?.subscribeFilters, subscribe)
      else {
        throw AccountProblem("a topic filter has a comma, a space or `:word=` in it; let `+` stand for that level")
      }
      lines.append(Line(bytes: line, account: account))
    } catch {
      throw .refused(error)
    }
  }

  /// Whether a list was read as it was meant. A single empty text is none: nothing is allowed.
  private static func says(_ read: [String]?, _ meant: [String]?) -> Bool {
    read == (meant == [""] ? [] : meant)
  }

  /// Gives a user another password.
  package mutating func setHash(_ hash: PasswordHash, of name: String) throws(AccountsError) {
    guard let index = index(of: name) else { throw .notThere(name, path: path) }
    lines[index].bytes = AccountLine.line(lines[index].bytes, withHash: hash)
    do throws(AccountProblem) {
      lines[index].account = try AccountLine.parse(lines[index].bytes)
    } catch {
      throw .refused(error)
    }
  }

  package mutating func remove(_ name: String) throws(AccountsError) {
    guard let index = index(of: name) else { throw .notThere(name, path: path) }
    lines.remove(at: index)
  }

  private func index(of name: String) -> Int? {
    let name = Array(name.utf8)
    return lines.firstIndex { $0.account?.name == name }
  }
}
