import CLinux
import Glibc

/// Signals as something to poll for (signalfd), instead of handlers that interrupt. Any thread; a signal is had once.
package final class SignalSource: Sendable {
  package enum Signal: Hashable, Sendable, CaseIterable {
    case terminate
    case interrupt
    case hangUp

    package var name: String {
      switch self {
      case .terminate: "SIGTERM"
      case .interrupt: "SIGINT"
      case .hangUp: "SIGHUP"
      }
    }

    var number: CInt {
      switch self {
      case .terminate: SIGTERM
      case .interrupt: SIGINT
      case .hangUp: SIGHUP
      }
    }
  }

  private let signals: FileDescriptor

  /// Blocks the signals in the calling thread and in those it starts from now on: call it before any other is started.
  package init() throws(SystemError) {
    let numbers = Signal.allCases.map(\.number)
    signals = FileDescriptor(
      owning: try retryingInterrupts("signalfd") { linux_signalfd(numbers, CInt(numbers.count)) })
  }

  /// For a poller: readable when a signal waits.
  package var descriptor: CInt { signals.raw }

  /// Waits up to `milliseconds` for a signal; nil when none came.
  package func wait(milliseconds: Int) -> Signal? {
    var poll = pollfd(fd: signals.raw, events: Int16(POLLIN), revents: 0)
    _ = Glibc.poll(&poll, 1, CInt(clamping: milliseconds))
    return next()?.signal
  }

  /// The next signal that waits, and who sent it (0: the terminal or the kernel).
  package func next() -> (signal: Signal, sender: Int)? {
    var sender: Int32 = 0
    let number = linux_signalfd_read(signals.raw, &sender)
    return Signal.allCases.first { $0.number == number }.map { ($0, Int(sender)) }
  }
}
