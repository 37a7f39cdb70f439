import Platform

/// What a target knows besides its own configuration.
struct TargetContext {
  /// The uplink's name.
  let uplink: String
  let identity: RecordIdentity
  /// How long something may be on its way without anything moving.
  let timeoutSeconds: Int
  /// A line with a limit, or one that is paid by the byte, is worth more of the processor's time.
  let effort: ZstdCompressor.Effort
  let time: any TimeSource

  init(_ configuration: UplinkConfiguration, _ identity: RecordIdentity, _ time: any TimeSource) {
    uplink = configuration.name
    self.identity = identity
    timeoutSeconds = configuration.timeoutSeconds
    effort = configuration.maxBytesPerSecond == nil ? .quick : .thorough
    self.time = time
  }
}
