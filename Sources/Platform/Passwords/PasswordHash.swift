import CCrypt
import Glibc

/// A password as crypt(5) has it: a method, what it is salted with, and the hash, `$y$j9T$…`. Slow to compute, as it should
/// be: a check of a yescrypt hash takes tens of milliseconds and 16 MiB for as long as it runs.
package struct PasswordHash: Hashable, Sendable {
  package let text: String

  /// Longer passwords no method takes.
  package static let maximumPasswordBytes = Int(CRYPT_MAX_PASSPHRASE_SIZE) - 1

  /// Takes over a hash that was made before. Whether it is a whole one shows when a password is checked.
  package init(_ text: String) throws(PasswordHashProblem) {
    // Methods without `$` are those of the seventies; what has none is more likely a password in plain text.
    guard text.utf8.first == UInt8(ascii: "$") else { throw .noMethod }
    guard !text.utf8.contains(0), text.utf8.last != UInt8(ascii: "=") else { throw .foreign }
    let verdict = crypt_checksalt(text)
    guard verdict == CRYPT_SALT_OK || verdict == CRYPT_SALT_METHOD_LEGACY else { throw .unknownMethod }
    self.text = text
  }

  /// No password's: for what needs a hash and checks none.
  package static let placeholder = PasswordHash(made: "$6$x$x")

  private init(made text: String) { self.text = text }

  /// Hashes `password` with new salt: yescrypt where the C library has it, else SHA-512.
  package static func make(of password: [UInt8]) throws(SystemError) -> PasswordHash {
    guard isAcceptable(password) else { throw SystemError("crypt", errno: ERANGE) }
    for prefix in ["$y$", "$6$"] {
      if let setting = newSetting(prefix), let hash = crypt(password, setting) {
        return PasswordHash(made: String(decoding: hash, as: UTF8.self))
      }
    }
    throw SystemError("crypt_gensalt")
  }

  /// Whether `password` can be anybody's: a null character would end it early.
  package static func isAcceptable(_ password: [UInt8]) -> Bool {
    password.count <= maximumPasswordBytes && !password.contains(0)
  }

  /// Whether the hash is that of `password`. How long it takes does not tell how much of it was right.
  package func matches(_ password: [UInt8]) -> Bool {
    guard Self.isAcceptable(password), let hash = Self.crypt(password, text) else { return false }
    let expected = Array(text.utf8)
    guard hash.count == expected.count else { return false }
    return zip(hash, expected).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
  }

  private static func newSetting(_ prefix: String) -> String? {
    var setting = [CChar](repeating: 0, count: Int(CRYPT_GENSALT_OUTPUT_SIZE))
    // 0: the method's own default of effort; no bytes: the kernel's random numbers.
    guard let made = crypt_gensalt_rn(prefix, 0, nil, 0, &setting, CInt(setting.count)) else { return nil }
    return String(cString: made)
  }

  private static func crypt(_ password: [UInt8], _ setting: String) -> [UInt8]? {
    let count = MemoryLayout<crypt_data>.size
    let work = UnsafeMutableRawPointer.allocate(byteCount: count, alignment: MemoryLayout<crypt_data>.alignment)
    work.initializeMemory(as: UInt8.self, repeating: 0, count: count)
    var phrase = password.map { CChar(bitPattern: $0) } + [0]
    defer {
      explicit_bzero(work, count)
      explicit_bzero(&phrase, phrase.count)
      work.deallocate()
    }
    guard let hash = crypt_rn(phrase, setting, work, CInt(count)) else { return nil }
    return Array(UnsafeRawBufferPointer(start: hash, count: strlen(hash)))
  }
}

/// Why a text is no hash that a password can be checked against.
package enum PasswordHashProblem: Error, Hashable, Sendable {
  /// It does not begin with a method, `$y$`.
  case noMethod
  /// The C library does not know its method.
  case unknownMethod
  /// It ends as those of another program do (mosquitto_passwd), which crypt does not know.
  case foreign
}
