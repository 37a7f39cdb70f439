import CLinux

/// The kernel's random numbers.
package enum Randomness {
  package static func uint64() -> UInt64 {
    var value: UInt64 = 0
    // Eight bytes are never cut short once the pool is ready (getrandom(2)).
    precondition(linux_getrandom(&value, 8) == 8)
    return value
  }
}
