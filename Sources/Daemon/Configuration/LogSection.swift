import JSON5
import Storage

extension LogConfiguration {
  /// `log: { maxBytes: "4 GiB", maxAge: "90 d", keepFree: "5 %", whenFull: "dropOldest", segment: "64 MiB",
  /// commitDelay: "0 ms", commitBuffer: "16 MiB" }`
  init(_ section: ConfigurationSection?, directory: String) {
    self.init(directory: directory)
    guard let section else { return }
    maxBytes = section.size("maxBytes", in: 1 << 20...1 << 44, default: maxBytes)
    if section.has("maxAge"), !section.isNull("maxAge") {
      maxAgeMilliseconds = section.duration("maxAge", in: Self.hour...36_500 * Self.day, default: 90 * Self.day)
    }
    keepFree = section.keepFree("keepFree", default: keepFree)
    whenFull = section.choice(
      "whenFull", [("dropOldest", .dropOldest), ("refuse", .refuse)], default: whenFull)
    segmentBytes = section.size("segment", in: 1 << 20...1 << 30, default: segmentBytes)
    commitDelayMilliseconds = section.duration("commitDelay", in: 0...1000, default: commitDelayMilliseconds)
    commitBufferBytes = section.size("commitBuffer", in: 1 << 20...1 << 30, default: commitBufferBytes)
    section.finish()
  }

  private static let hour = 3_600_000
  private static let day = 24 * hour
}

extension ConfigurationSection {
  /// A share of the disk, `"5 %"`, or a size.
  fileprivate func keepFree(_ key: String, default standard: KeepFree) -> KeepFree {
    guard let value = value(key) else { return standard }
    switch value.content {
    case .string(let text):
      if let percent = Quantity.percent(text), percent <= 50 { return .percent(percent) }
      if let size = Quantity.size(text) { return .bytes(size) }
    case .number(let number):
      if let size = number.integer, size >= 0 { return .bytes(size) }
    default: break
    }
    mismatch(key, value, "a share of the disk up to \"50 %\", or a size, such as \"2 GiB\"")
    return standard
  }
}
