import Glibc

/// The terminal that standard output goes to.
package enum Terminal {
  /// How many columns it has; nil where standard output is no terminal.
  package static var columns: Int? {
    var size = winsize()
    guard isatty(1) == 1, ioctl(1, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return Int(size.ws_col)
  }
}
