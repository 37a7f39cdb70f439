import Glibc

/// The time of the week as the machine's clock on the wall has it.
package struct LocalTime: Hashable, Sendable {
  /// Since Monday, 00:00.
  package let minuteOfWeek: Int

  /// - Parameter milliseconds: since 1970, by the wall clock.
  package init(milliseconds: Int64) {
    var seconds = time_t(milliseconds / 1000)
    var parts = tm()
    // Reads the time zone again where it has been changed.
    tzset()
    localtime_r(&seconds, &parts)
    // The C library's week begins on Sunday.
    let day = (Int(parts.tm_wday) + 6) % 7
    minuteOfWeek = day * 24 * 60 + Int(parts.tm_hour) * 60 + Int(parts.tm_min)
  }
}
