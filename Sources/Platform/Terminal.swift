import Glibc

/// The terminal that a command's output goes to.
package enum Terminal {
  /// Its width in columns; nil where the output is no terminal, or one that does not say.
  package static var columns: Int? {
    var size = winsize()
    guard ioctl(1, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return Int(size.ws_col)
  }
}
