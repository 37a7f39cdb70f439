import Glibc
import Platform

/// Processor time of another process, in steps of the kernel's clock (10 ms): measure over seconds.
enum ProcessorTime {
  /// User and system time of all its threads so far, of those that have ended, too (/proc/PID/stat, proc(5)).
  static func seconds(of process: Int) throws -> Double {
    let path = "/proc/\(process)/stat"
    let text = String(decoding: try FileSystem.read(path), as: UTF8.self)
    // The name, in parentheses, may have spaces; behind it the state is field 3, so that utime (14) is the twelfth.
    let fields = text.split(separator: ")").last?.split(separator: " ") ?? []
    guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else {
      throw BenchmarkError.cannotMeasure("\(path) does not say how much processor time the process took")
    }
    return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
  }
}
