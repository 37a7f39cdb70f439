import Glibc

/// How a process ended.
package enum ProcessEnd: Hashable, Sendable, CustomStringConvertible {
  case exited(Int)
  case killed(signal: Int)
  /// Somebody else took the exit status.
  case unknown

  /// From what waitpid(2) stores.
  init(waitStatus status: CInt) {
    let signal = Int(status & 0x7F)
    self = signal == 0 ? .exited(Int(status >> 8 & 0xFF)) : .killed(signal: signal)
  }

  package var description: String {
    switch self {
    case .exited(let status): "exit status \(status)"
    case .killed(let signal): "killed by signal \(signal) (\(String(cString: strsignal(CInt(signal)))))"
    case .unknown: "it has ended, nobody knows how"
    }
  }
}
