extension Double {
  /// Three significant digits or so: `0.973`, `12.4`, `1234`.
  var short: String {
    let size = magnitude
    return decimal(size >= 100 || size == size.rounded() ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3)
  }

  func decimal(_ digits: Int) -> String {
    let scale = (0..<digits).reduce(1.0) { scale, _ in scale * 10 }
    let scaled = Int64((magnitude * scale).rounded())
    let whole = scaled / Int64(scale)
    let sign = self < 0 && scaled != 0 ? "-" : ""
    guard digits > 0 else { return sign + String(whole) }
    let fraction = String(scaled % Int64(scale))
    return sign + String(whole) + "." + String(repeating: "0", count: digits - fraction.count) + fraction
  }

  /// Seconds, in the unit that fits: `1.31 ms`.
  var duration: String {
    let units = [(1.0, "s"), (1e-3, "ms"), (1e-6, "us")]
    for (scale, unit) in units where self >= scale { return "\((self / scale).short) \(unit)" }
    return "\((self * 1e9).short) ns"
  }

  /// Bytes as MiB.
  var mebibytes: String { "\((self / 1_048_576).short) MiB" }
}

extension String {
  func padded(to width: Int) -> String {
    self + String(repeating: " ", count: Swift.max(0, width - count))
  }
}
