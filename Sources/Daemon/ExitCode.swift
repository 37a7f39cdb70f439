/// How the process ends, for scripts and for systemd; the numbers are those of sysexits.h.
package enum ExitCode: Int32, Hashable, Sendable, CaseIterable {
  case success = 0
  /// The answer is no: nothing found, not running, damage found.
  case negative = 1
  case usage = 64
  case noInput = 66
  case unavailable = 69
  case cannotCreate = 73
  case inputOutput = 74
  case inUse = 75
  case configuration = 78

  /// What the code says, for `--help`.
  package var meaning: String {
    switch self {
    case .success: "done"
    case .negative: "the answer is no: nothing found, not running, damage found"
    case .usage: "wrong arguments"
    case .noInput: "an input that is not there or not readable, such as a log"
    case .unavailable: "a port that is taken, an address that cannot be used"
    case .cannotCreate: "a file or directory that cannot be made"
    case .inputOutput: "the disk failed; restart to recover what is on it"
    case .inUse: "another process has the data directory"
    case .configuration: "a mistake in the configuration"
    }
  }
}
