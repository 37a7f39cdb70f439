/// One system call as `strace -f -xx` printed it.
struct SystemCall: Hashable, Sendable {
  enum Argument: Hashable, Sendable {
    case number(Int)
    /// A string or a buffer, whole.
    case bytes([UInt8])
    /// Anything else: flags, `AT_FDCWD`, `NULL`, an address.
    case word(String)
  }

  let thread: Int
  let name: String
  let arguments: [Argument]
  /// The number of the line it begins in.
  let began: Int
  /// The number of the line it has returned in; nil: it never has.
  var returned: Int?
  /// Nil where it has not returned, or where the trace does not know.
  var result: Int?

  func number(_ index: Int) -> Int? {
    guard index < arguments.count, case .number(let number) = arguments[index] else { return nil }
    return number
  }

  func bytes(_ index: Int) -> [UInt8]? {
    guard index < arguments.count, case .bytes(let bytes) = arguments[index] else { return nil }
    return bytes
  }

  func text(_ index: Int) -> String? {
    bytes(index).map { String(decoding: $0, as: UTF8.self) }
  }

  func word(_ index: Int) -> String? {
    guard index < arguments.count, case .word(let word) = arguments[index] else { return nil }
    return word
  }
}
