package import Bytes

/// A point in time: milliseconds since 1970-01-01T00:00:00Z, as Kafka records carry it.
package struct Timestamp: Hashable, Comparable, Sendable {
  package var milliseconds: Int64

  package init(milliseconds: Int64) {
    self.milliseconds = milliseconds
  }

  package static func < (left: Timestamp, right: Timestamp) -> Bool {
    left.milliseconds < right.milliseconds
  }

  package func advanced(byMilliseconds milliseconds: Int64) -> Timestamp {
    Timestamp(milliseconds: self.milliseconds &+ milliseconds)
  }
}

// RFC 3339, the form people and scripts see.
extension Timestamp {
  /// Appends `2026-11-23T07:41:05.250Z`: always UTC, always milliseconds. Years outside 0...9999 are clamped to them.
  package func appendRFC3339(to writer: inout ByteWriter) {
    let clamped = min(max(milliseconds, -62_167_219_200_000), 253_402_300_799_999)
    let (days, millisecondOfDay) = clamped.flooredDivision(by: 86_400_000)
    let date = CivilDate(daysSinceEpoch: days)
    let secondOfDay = UInt64(millisecondOfDay / 1000)
    writer.append(decimal: UInt64(date.year), minimumDigits: 4)
    writer.append(UInt8(ascii: "-"))
    writer.append(decimal: UInt64(date.month), minimumDigits: 2)
    writer.append(UInt8(ascii: "-"))
    writer.append(decimal: UInt64(date.day), minimumDigits: 2)
    writer.append(UInt8(ascii: "T"))
    writer.append(decimal: secondOfDay / 3600, minimumDigits: 2)
    writer.append(UInt8(ascii: ":"))
    writer.append(decimal: secondOfDay / 60 % 60, minimumDigits: 2)
    writer.append(UInt8(ascii: ":"))
    writer.append(decimal: secondOfDay % 60, minimumDigits: 2)
    writer.append(UInt8(ascii: "."))
    writer.append(decimal: UInt64(millisecondOfDay % 1000), minimumDigits: 3)
    writer.append(UInt8(ascii: "Z"))
  }

  package var rfc3339: String {
    var writer = ByteWriter(capacity: 32)
    appendRFC3339(to: &writer)
    return writer.bytes.text
  }

  /// Reads `2026-11-23`, `2026-11-23T07:41Z`, `2026-11-23T07:41:05.25+02:00` (RFC 3339, seconds and time optional).
  /// A time without a zone is UTC. Nil for anything else.
  package init?(rfc3339 text: String) {
    var scanner = DigitScanner(Array(text.utf8))
    guard let year = scanner.number(digits: 4), scanner.take("-"),
      let month = scanner.number(digits: 2), (1...12).contains(month), scanner.take("-"),
      let day = scanner.number(digits: 2), day >= 1, day <= CivilDate.dayCount(ofMonth: month, year: year)
    else { return nil }
    var milliseconds = CivilDate.daysSinceEpoch(year: year, month: month, day: day) * 86_400_000
    if !scanner.isAtEnd {
      guard scanner.take("T") || scanner.take("t") || scanner.take(" "),
        let timeOfDay = scanner.timeOfDay(), let zone = scanner.zone(), scanner.isAtEnd
      else { return nil }
      milliseconds += timeOfDay - zone
    }
    self.init(milliseconds: milliseconds)
  }
}

/// The proleptic Gregorian calendar, in whole days (H. Hinnant, "chrono-compatible low-level date algorithms").
private struct CivilDate {
  var year: Int64
  var month: Int64
  var day: Int64

  init(daysSinceEpoch days: Int64) {
    let shifted = days + 719_468
    let (era, dayOfEra) = shifted.flooredDivision(by: 146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  }

  static func daysSinceEpoch(year: Int64, month: Int64, day: Int64) -> Int64 {
    let yearFromMarch = month <= 2 ? year - 1 : year
    let (era, yearOfEra) = yearFromMarch.flooredDivision(by: 400)
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }

  static func dayCount(ofMonth month: Int64, year: Int64) -> Int64 {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }
}

private struct DigitScanner {
  private let text: [UInt8]
  private var position = 0

  init(_ text: [UInt8]) {
    self.text = text
  }

  var isAtEnd: Bool { position == text.count }

  mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard position < text.count, text[position] == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  mutating func number(digits: Int) -> Int64? {
    guard position + digits <= text.count else { return nil }
    var value: Int64 = 0
    for byte in text[position..<(position + digits)] {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
      value = value * 10 + Int64(byte - UInt8(ascii: "0"))
    }
    position += digits
    return value
  }

  /// `07:41`, `07:41:05`, `07:41:05.25`, in milliseconds.
  mutating func timeOfDay() -> Int64? {
    guard let hour = number(digits: 2), hour < 24, take(":"), let minute = number(digits: 2), minute < 60 else {
      return nil
    }
    var milliseconds = (hour * 60 + minute) * 60_000
    guard take(":") else { return milliseconds }
    guard let second = number(digits: 2), second <= 60 else { return nil }
    milliseconds += second * 1000
    guard take(".") else { return milliseconds }
    guard var digit = number(digits: 1) else { return nil }
    var weight: Int64 = 100
    repeat {
      milliseconds += digit * weight
      weight /= 10
      guard let next = number(digits: 1) else { break }
      digit = next
    } while true
    return milliseconds
  }

  /// `Z`, `+02:00` or nothing, in milliseconds east of UTC.
  mutating func zone() -> Int64? {
    if isAtEnd || take("Z") || take("z") { return 0 }
    let sign: Int64
    if take("+") { sign = 1 } else if take("-") { sign = -1 } else { return nil }
    guard let hour = number(digits: 2), hour < 24, take(":"), let minute = number(digits: 2), minute < 60 else {
      return nil
    }
    return sign * (hour * 60 + minute) * 60_000
  }
}

extension Int64 {
  fileprivate func flooredDivision(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
  }
}
