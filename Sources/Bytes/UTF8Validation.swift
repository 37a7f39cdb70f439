package enum UTF8Validation {
  /// Whether `bytes` are well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms, nothing past U+10FFFF).
  package static func isValid(_ bytes: RawSpan) -> Bool {
    bytes.withUnsafeBytes { isValid($0) }
  }

  package static func isValid(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var index = 0
    let end = bytes.count
    while index < end {
      if index + 8 <= end, bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self) & 0x8080_8080_8080_8080 == 0 {
        index += 8
        continue
      }
      let lead = bytes[index]
      if lead < 0x80 {
        index += 1
        continue
      }
      guard let length = sequenceLength(lead), index + length <= end else { return false }
      // The second byte's range is narrower behind E0 (overlong), ED (surrogates), F0 (overlong), F4 (too large).
      let second = bytes[index + 1]
      let range: ClosedRange<UInt8> =
        switch lead {
        case 0xE0: 0xA0...0xBF
        case 0xED: 0x80...0x9F
        case 0xF0: 0x90...0xBF
        case 0xF4: 0x80...0x8F
        default: 0x80...0xBF
        }
      guard range.contains(second) else { return false }
      for continuation in (index + 2)..<max(index + length, index + 2) where bytes[continuation] & 0xC0 != 0x80 {
        return false
      }
      index += length
    }
    return true
  }

  private static func sequenceLength(_ lead: UInt8) -> Int? {
    switch lead {
    case 0xC2...0xDF: 2
    case 0xE0...0xEF: 3
    case 0xF0...0xF4: 4
    default: nil
    }
  }
}
