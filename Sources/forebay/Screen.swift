import Platform

/// Text that is shown again and again in the same place of a terminal; one below the other where there is none.
struct Screen {
  private let isTerminal = StandardOutput.isTerminal
  private var isFirst = true

  /// - Parameters:
  ///   - text: lines, each with its newline.
  ///   - inPlace: false: one below the other in any case.
  mutating func show(_ text: String, inPlace: Bool) {
    var output = StandardOutput()
    defer {
      output.flush()
      isFirst = false
    }
    guard inPlace else { return output.write(text) }
    guard isTerminal else { return output.write(isFirst ? text : "\n" + text) }
    // Home, each line over what was there, then nothing below: no flicker. The first time, the screen is emptied.
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\u{1B}[K\n")
    output.write((isFirst ? "\u{1B}[2J" : "") + "\u{1B}[H" + lines + "\u{1B}[J")
  }
}
