import Daemon
import Platform

/// The password of a new user, or a user's new one: typed twice, or a line of standard input.
enum UserPassword {
  static let option = Command.Option(
    name: "--password-stdin", help: "the password is the first line of standard input; without it, it is asked for")

  static func read(_ arguments: Arguments, for name: String) throws -> PasswordHash {
    let password = arguments.has(option.name) ? try fromStandardInput() : try fromTerminal(name)
    guard !password.isEmpty else { throw CommandError.usage("the password is empty; give one") }
    guard PasswordHash.isAcceptable(password) else {
      throw CommandError.usage(
        "the password is longer than \(PasswordHash.maximumPasswordBytes) bytes or has a null character in it; choose another"
      )
    }
    return try PasswordHash.make(of: password)
  }

  private static func fromTerminal(_ name: String) throws -> [UInt8] {
    guard PasswordPrompt.isPossible else {
      throw CommandError.usage("there is no terminal to ask for the password; give it with \(option.name)")
    }
    let first = try ask("Password for \(name): ")
    guard try ask("Once more: ") == first else {
      throw CommandError("the two passwords differ; nothing was changed", .negative)
    }
    return first
  }

  private static func ask(_ prompt: String) throws -> [UInt8] {
    guard case .password(let password) = try PasswordPrompt.ask(prompt) else {
      throw CommandError("cancelled; nothing was changed", .negative)
    }
    return password
  }

  private static func fromStandardInput() throws -> [UInt8] {
    var text: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 4096)
    while !text.contains(UInt8(ascii: "\n")), text.count <= PasswordHash.maximumPasswordBytes + 2 {
      let count = try piece.withUnsafeMutableBytes { try StandardInput.read(into: $0) }
      if count == 0 { break }
      text += piece[..<count]
    }
    var line = Array(text.prefix { $0 != UInt8(ascii: "\n") })
    if line.last == UInt8(ascii: "\r") { line.removeLast() }
    return line
  }
}
