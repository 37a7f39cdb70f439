import Glibc

/// A system call that failed: which one, on what, and why.
package struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
  package let call: String
  /// The path, address or descriptor the call was about; empty where there is nothing to name.
  package let subject: String
  package let errno: Int32

  package init(_ call: String, _ subject: String = "", errno: Int32 = Glibc.errno) {
    self.call = call
    self.subject = subject
    self.errno = errno
  }

  /// The kernel's words for the error: `No space left on device`.
  package var reason: String { String(cString: strerror(errno)) }

  package var description: String {
    subject.isEmpty ? "\(call): \(reason)" : "\(call) \(subject): \(reason)"
  }
}

/// Calls `body` again for as long as it is interrupted by a signal; negative results become a `SystemError`.
package func retryingInterrupts<Result: SignedInteger>(
  _ call: String, _ subject: @autoclosure () -> String = "", _ body: () -> Result
) throws(SystemError) -> Result {
  while true {
    let result = body()
    if result >= 0 { return result }
    let code = errno
    if code == EINTR { continue }
    // A bad descriptor or pointer is a defect of ours: going on would hurt somebody else's file.
    precondition(code != EBADF && code != EFAULT, "\(call): programmer error")
    throw SystemError(call, subject(), errno: code)
  }
}

extension SystemError {
  /// There is no such file or directory.
  package var isNotFound: Bool { errno == ENOENT }

  /// What was to be made is there already.
  package var isThere: Bool { errno == EEXIST }

  /// What was named as a directory is none.
  package var isNotADirectory: Bool { errno == ENOTDIR }

  /// This user may not.
  package var isNotAllowed: Bool { errno == EACCES || errno == EPERM }

  /// The file system, or the share of it that is ours, is full.
  package var isOutOfSpace: Bool { errno == ENOSPC || errno == EDQUOT }

  /// The same, as an error that making room does not help against.
  package var asFailure: SystemError { isOutOfSpace ? SystemError(call, subject, errno: EIO) : self }
}
