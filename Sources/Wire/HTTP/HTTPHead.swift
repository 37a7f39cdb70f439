import Bytes

/// The lines before the body, of a request or a response.
struct HTTPHead {
  let startLine: String
  let fieldLines: [Substring]
  /// Up to and with the empty line.
  let byteCount: Int

  /// The head at the start of `buffer`; nil while its empty line has not come. A line may end with a bare line feed.
  static func find(in buffer: RawSpan) -> HTTPHead? {
    guard let end = end(of: buffer) else { return nil }
    // Every byte as one scalar (ISO 8859-1): whatever was sent, the text has it, and nothing is merged or replaced.
    let text = buffer.withUnsafeBytes { bytes in
      String(String.UnicodeScalarView(bytes[..<end].map { Unicode.Scalar($0) }))
    }
    var lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      Substring(line.last == "\r" ? line.dropLast() : line)
    }
    // Behind the last line feed, and the empty line itself.
    lines.removeLast(2)
    return HTTPHead(startLine: String(lines.first ?? ""), fieldLines: Array(lines.dropFirst()), byteCount: end)
  }

  private static func end(of buffer: RawSpan) -> Int? {
    buffer.withUnsafeBytes { bytes in
      var lineStart = 0
      for index in 0..<min(bytes.count, HTTPRequest.maximumHeadBytes + 1) where bytes[index] == UInt8(ascii: "\n") {
        let length = index - lineStart
        if length == 0 || (length == 1 && bytes[lineStart] == UInt8(ascii: "\r")) { return index + 1 }
        lineStart = index + 1
      }
      return nil
    }
  }
}
