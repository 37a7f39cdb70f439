import Bytes
import Platform
import Records

/// One line of a users file.
///
///     name:hash[:publish=FILTER,FILTER][:subscribe=FILTER,FILTER]
///
/// - The hash is crypt(5)'s and has no colon in it.
/// - No list: everything. A list with nothing behind the `=`: nothing.
/// - A filter may have colons in it (`zigbee/00:15:8d/#`), but no comma, and no colon with a word and `=` behind: a list's
///   misspelt name must not pass for a part of the filter before it.
/// - Lines that are blank or begin with `#` are comments. Spaces around a line do not count.
enum AccountLine {
  static let publishKey = "publish"
  static let subscribeKey = "subscribe"
  static let maximumNameBytes = 256

  private static let colon = UInt8(ascii: ":")

  /// The account of `line`, which has no line end; nil: blank, or a comment.
  static func parse(_ line: [UInt8]) throws(AccountProblem) -> Account? {
    let line = trimmed(line[...])
    guard let first = line.first, first != UInt8(ascii: "#") else { return nil }
    guard UTF8Validation.isValid(Array(line).span.bytes) else {
      throw AccountProblem("the line is not valid UTF-8; save the file as UTF-8")
    }
    guard let end = line.firstIndex(of: colon) else {
      throw AccountProblem("there is no `:` behind the name; write name:hash, or use `forebay user add NAME`")
    }
    let name = Array(line[..<end])
    try check(name: name)
    let rest = line[(end + 1)...]
    let hashEnd = rest.firstIndex(of: colon) ?? rest.endIndex
    let hash = try hash(rest[..<hashEnd], of: name)
    let lists = try lists(rest[hashEnd...])
    return Account(
      name: name, hash: hash,
      publish: try lists.publish.map { list throws(AccountProblem) in
        try AllowedTopics(list, key: publishKey, user: name)
      },
      subscribe: try lists.subscribe.map { list throws(AccountProblem) in
        try AllowedTopics(list, key: subscribeKey, user: name)
      })
  }

  /// The line of a new account; nil: no list.
  static func line(name: [UInt8], hash: PasswordHash, publish: [String]?, subscribe: [String]?) -> [UInt8] {
    var line = name + [colon] + Array(hash.text.utf8)
    for case (let key, let filters?) in [(publishKey, publish), (subscribeKey, subscribe)] {
      line += Array(":\(key)=\(filters.joined(separator: ","))".utf8)
    }
    return line
  }

  /// The line with another hash and everything else as it was. `line` is that of an account.
  static func line(_ line: [UInt8], withHash hash: PasswordHash) -> [UInt8] {
    guard let start = line.firstIndex(of: colon) else { return line }
    let rest = line[(start + 1)...]
    // What may stand behind the last field: a carriage return, spaces.
    let end = rest.firstIndex { $0 == colon || isSpace($0) } ?? rest.endIndex
    return Array(line[...start]) + Array(hash.text.utf8) + Array(line[end...])
  }

  /// A name fills a level of a topic (`%u`) and a field of the line.
  static func check(name: [UInt8]) throws(AccountProblem) {
    guard !name.isEmpty else { throw AccountProblem("the name is empty; write name:hash") }
    guard name.count <= maximumNameBytes else {
      throw AccountProblem("the name is \(name.count) bytes long; write \(maximumNameBytes) at the most")
    }
    let text = String(decoding: name, as: UTF8.self)
    let hasControl = name.contains { $0 < 32 || $0 == 127 }
    guard AllowedTopics.isPlainLevel(name), name.first != UInt8(ascii: "#"), !name.contains(colon), !hasControl,
      trimmed(name[...]).count == name.count, UTF8Validation.isValid(name.span.bytes)
    else {
      throw AccountProblem(
        "`\(text)` is no user name; write one without `:`, `/`, `+`, `#`, control characters, `$` at the beginning, and "
          + "spaces around it")
    }
  }

  private static func hash(_ bytes: ArraySlice<UInt8>, of name: [UInt8]) throws(AccountProblem) -> PasswordHash {
    let remedy = "set it with `forebay user passwd \(String(decoding: name, as: UTF8.self))`"
    do throws(PasswordHashProblem) {
      return try PasswordHash(String(decoding: bytes, as: UTF8.self))
    } catch {
      switch error {
      // Not shown: it may be the password itself.
      case .noMethod: throw AccountProblem("behind the name there is no password hash such as `$y$…`; \(remedy)")
      case .unknownMethod: throw AccountProblem("the password hash is of a kind this system does not know; \(remedy)")
      case .foreign: throw AccountProblem("the password hash is mosquitto_passwd's, not crypt's; \(remedy)")
      }
    }
  }

  private typealias Lists = (publish: ArraySlice<UInt8>?, subscribe: ArraySlice<UInt8>?)

  /// - Parameter bytes: what stands behind the hash, its colon included.
  private static func lists(_ bytes: ArraySlice<UInt8>) throws(AccountProblem) -> Lists {
    var lists: Lists = (nil, nil)
    var rest = bytes
    while !rest.isEmpty {
      guard let key = key(at: rest.startIndex, in: rest) else {
        throw AccountProblem("behind the hash there may be `:publish=…` and `:subscribe=…`, and nothing else")
      }
      let start = rest.startIndex + 1 + key.utf8.count + 1
      var end = start
      while end < rest.endIndex, self.key(at: end, in: rest) == nil { end += 1 }
      let list = rest[start..<end]
      rest = rest[end...]
      switch key {
      case publishKey where lists.publish == nil: lists.publish = list
      case subscribeKey where lists.subscribe == nil: lists.subscribe = list
      case publishKey, subscribeKey:
        throw AccountProblem("there are two lists `\(key)=`; write one, its filters separated by commas")
      default: throw AccountProblem("there is no list `\(key)=`; write `publish=` or `subscribe=`")
      }
    }
    return lists
  }

  /// The word of `:word=` where that begins at `index`.
  private static func key(at index: Int, in bytes: ArraySlice<UInt8>) -> String? {
    guard bytes[index] == colon else { return nil }
    let word = bytes[(index + 1)...].prefix { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0 | 0x20) }
    guard !word.isEmpty, word.endIndex < bytes.endIndex, bytes[word.endIndex] == UInt8(ascii: "=") else { return nil }
    return String(decoding: word, as: UTF8.self)
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 || byte == 13 }

  private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    let start = bytes.drop(while: isSpace)
    return start.prefix((start.lastIndex { !isSpace($0) }.map { $0 + 1 } ?? start.startIndex) - start.startIndex)
  }
}
