package import Records

/// What happened a second, between two samples.
package struct StatusRates: Hashable, Sendable {
  private let oldest: StatusSample
  private let newest: StatusSample

  package init(from oldest: StatusSample, to newest: StatusSample) {
    self.oldest = oldest
    self.newest = newest
  }

  package var seconds: Double { Double(newest.at - oldest.at) / 1e9 }

  /// Messages from one source; 0 where there is no such source.
  package func messages(from source: Int) -> Double {
    rate { $0.sources.indices.contains(source) ? $0.sources[source].messages : 0 }
  }

  /// Messages, and their bytes, from all sources.
  package var messages: Double { rate { $0.sources.reduce(0) { $0 + $1.messages } } }
  package var bytes: Double { rate { $0.sources.reduce(0) { $0 + $1.bytes } } }

  /// Records committed.
  package var appended: Double { rate { Int($0.endOffset) } }

  /// Records that a consumer has done with.
  package func consumed(_ positions: KeyPath<StatusSample, [Offset]>, _ index: Int) -> Double {
    rate { $0[keyPath: positions].indices.contains(index) ? Int($0[keyPath: positions][index]) : 0 }
  }

  /// How long it takes at these rates until a lag of `records` is gone, for a consumer that does with `consumed` a
  /// second; nil where it does not shrink.
  package func secondsToDrain(_ records: Int, consumed: Double) -> Int? {
    if records == 0 { return 0 }
    let shrinking = consumed - appended
    guard shrinking > 0 else { return nil }
    let seconds = (Double(records) / shrinking).rounded(.up)
    return seconds < 1e12 ? Int(seconds) : nil
  }

  private func rate(_ count: (StatusSample) -> Int) -> Double {
    // A counter that went back was set anew.
    Double(max(0, count(newest) - count(oldest))) / seconds
  }
}
