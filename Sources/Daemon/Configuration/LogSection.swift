import Storage

extension LogConfiguration {
  /// `log: { maxBytes: "4 GiB", segment: "64 MiB", commitDelay: "0 ms", commitBuffer: "16 MiB" }`
  init(_ section: ConfigurationSection?, directory: String) {
    self.init(directory: directory)
    guard let section else { return }
    maxBytes = section.size("maxBytes", in: 1 << 20...1 << 44, default: maxBytes)
    segmentBytes = section.size("segment", in: 1 << 20...1 << 30, default: segmentBytes)
    commitDelayMilliseconds = section.duration("commitDelay", in: 0...1000, default: commitDelayMilliseconds)
    commitBufferBytes = section.size("commitBuffer", in: 1 << 20...1 << 30, default: commitBufferBytes)
    let whenFull = section.string("whenFull", default: "dropOldest")
    switch whenFull {
    case "dropOldest": break
    case "refuse": section.rejectAsUnavailable("whenFull", whenFull)
    default: section.reject("whenFull", "is \"\(whenFull)\"; write \"dropOldest\"")
    }
    section.notAvailable("maxAge", "keepFree")
    section.finish()
  }
}
