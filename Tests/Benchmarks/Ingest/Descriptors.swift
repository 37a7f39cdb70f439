import Glibc

/// How many descriptors this process and those that it starts may have open.
enum Descriptors {
  /// As many as are permitted: 1024, the usual limit, is too few for thousands of connections.
  static func raiseLimit() throws(BenchmarkError) {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    limit.rlim_cur = limit.rlim_max
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    guard limit.rlim_cur >= 4096 else {
      throw .cannotMeasure("only \(limit.rlim_cur) open files are permitted; raise the limit to 4096 (ulimit -n)")
    }
  }
}
