import Glibc

/// Reads what `strace -f -xx -o FILE` has written, a line at a time.
///
/// ```
/// 17 openat(AT_FDCWD, "\x2f\x64", O_RDWR|O_CREAT, 0640) = 5
/// 17 pwrite64(5, "\x41", 1, 0 <unfinished ...>
/// 18 fdatasync(6)                = 0
/// 17 <... pwrite64 resumed>)     = 1
/// 18 unlink("\x2f\x64")          = -1 ENOENT (No such file or directory)
/// 17 +++ exited with 0 +++
/// ```
///
/// A call that another thread interrupts is one call, from the line it begins in to the line it returns in. Lines that are
/// no calls count and say nothing.
struct SystemCallParser {
  /// In the order in which they began.
  private(set) var calls: [SystemCall] = []
  private(set) var lines = 0
  /// Calls that have not returned, by thread.
  private var unfinished: [Int: Int] = [:]

  /// Reads a whole trace.
  /// - Returns: the calls in the order in which they began; but those that open something where they returned, since a
  ///   descriptor may be one that another thread has closed after they began.
  static func parse(_ trace: [UInt8]) -> [SystemCall] {
    var parser = SystemCallParser()
    trace.withUnsafeBufferPointer { trace in
      var rest = trace[...]
      while let first = rest.startIndex as Int?, first < trace.count {
        let place = memchr(trace.baseAddress! + first, 0x0A, trace.count - first)
        let end = place.map { UnsafeRawPointer($0) - UnsafeRawPointer(trace.baseAddress!) } ?? trace.count
        parser.read(UnsafeBufferPointer(rebasing: trace[first..<end]))
        rest = trace[min(end + 1, trace.count)...]
      }
    }
    let places = parser.calls.map { $0.name == "openat" ? $0.returned ?? $0.began : $0.began }
    return places.indices.sorted { (places[$0], $0) < (places[$1], $1) }.map { parser.calls[$0] }
  }

  mutating func read(_ line: String) {
    Array(line.utf8).withUnsafeBufferPointer { read($0) }
  }

  private mutating func read(_ bytes: UnsafeBufferPointer<UInt8>) {
    defer { lines += 1 }
    var line = Line(bytes)
    guard let thread = line.takeNumber() else { return }
    line.skipSpaces()
    if line.take("<... ") {
      finish(thread, &line)
    } else if let name = line.takeName(), line.take("(") {
      begin(thread, name, &line)
    }
  }

  private mutating func begin(_ thread: Int, _ name: String, _ line: inout Line) {
    var arguments: [SystemCall.Argument] = []
    while let argument = line.takeArgument() {
      arguments.append(argument)
      guard line.take(", ") else { break }
    }
    var call = SystemCall(thread: thread, name: name, arguments: arguments, began: lines)
    line.skipSpaces()
    if line.take("<unfinished ...>") {
      unfinished[thread] = calls.count
    } else {
      call.returned = lines
      call.result = line.takeResult()
    }
    calls.append(call)
  }

  private mutating func finish(_ thread: Int, _ line: inout Line) {
    guard let index = unfinished.removeValue(forKey: thread) else { return }
    calls[index].returned = lines
    line.skip(past: ">")
    calls[index].result = line.takeResult()
  }
}

/// What is left of a line.
private struct Line {
  private let bytes: UnsafeBufferPointer<UInt8>
  private var position = 0

  init(_ bytes: UnsafeBufferPointer<UInt8>) {
    self.bytes = bytes
  }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  mutating func skipSpaces() {
    while next == UInt8(ascii: " ") { position += 1 }
  }

  mutating func skip(past character: Unicode.Scalar) {
    while let byte = next {
      position += 1
      if byte == UInt8(ascii: character) { return }
    }
  }

  mutating func take(_ text: StaticString) -> Bool {
    guard position + text.utf8CodeUnitCount <= bytes.count,
      memcmp(bytes.baseAddress! + position, text.utf8Start, text.utf8CodeUnitCount) == 0
    else { return false }
    position += text.utf8CodeUnitCount
    return true
  }

  mutating func takeNumber() -> Int? {
    let text = takeWhile { (48...57).contains($0) || $0 == UInt8(ascii: "-") }
    return Int(text)
  }

  mutating func takeName() -> String? {
    let name = takeWhile { (97...122).contains($0) || (48...57).contains($0) || $0 == UInt8(ascii: "_") }
    return name.isEmpty ? nil : name
  }

  /// Nil at the end of the arguments.
  mutating func takeArgument() -> SystemCall.Argument? {
    guard let first = next, first != UInt8(ascii: ")"), first != UInt8(ascii: "<") else { return nil }
    if first == UInt8(ascii: "\"") { return .bytes(takeBytes()) }
    let word = takeWhile { $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: ")") && $0 != UInt8(ascii: " ") }
    return Int(word).map { .number($0) } ?? .word(word)
  }

  /// `= 5`, `= -1 ENOENT (…)`, `= ?`
  mutating func takeResult() -> Int? {
    skip(past: "=")
    skipSpaces()
    return takeNumber()
  }

  private mutating func takeWhile(_ isPart: (UInt8) -> Bool) -> String {
    let start = position
    while let byte = next, isPart(byte) { position += 1 }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  /// A string as `-xx` prints it, four characters a byte.
  private mutating func takeBytes() -> [UInt8] {
    let start = position + 1
    let end =
      memchr(bytes.baseAddress! + start, 0x22, bytes.count - start)
      .map { UnsafeRawPointer($0) - UnsafeRawPointer(bytes.baseAddress!) } ?? bytes.count
    position = min(end + 1, bytes.count)
    return [UInt8](unsafeUninitializedCapacity: (end - start) / 4) { buffer, count in
      count = (end - start) / 4
      for index in 0..<count {
        let place = start + index * 4
        buffer[index] = Self.digit(bytes[place + 2]) << 4 | Self.digit(bytes[place + 3])
      }
    }
  }

  private static func digit(_ character: UInt8) -> UInt8 {
    character <= UInt8(ascii: "9") ? character &- UInt8(ascii: "0") : character &- UInt8(ascii: "a") &+ 10
  }
}
