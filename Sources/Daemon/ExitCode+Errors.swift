import Console
import Ingress
import Routing
import Storage
import Uplink

extension ExitCode {
  /// The code that goes with `error` where it ends the process.
  package init(for error: any Error) {
    switch error {
    case let error as StorageError: self = Self.code(for: error)
    case is ConfigurationError: self = .configuration
    case let error as AccountsError: self = Self.code(for: error)
    case let error as IngressError: self = Self.code(for: error)
    case is StartError: self = .cannotCreate
    case is ConsoleError: self = .unavailable
    case let error as RoutingError: self = Self.code(for: error)
    case let error as UplinkError: self = Self.code(for: error)
    default: self = .inputOutput
    }
  }

  private static func code(for error: StorageError) -> ExitCode {
    switch error {
    case .disk, .failed, .ended: .inputOutput
    case .locked: .inUse
    case .noLog: .noInput
    case .badConsumerName: .configuration
    }
  }

  private static func code(for error: RoutingError) -> ExitCode {
    switch error {
    case .badName, .noTopics, .badTopic, .noCommand, .badFile: .configuration
    case .storage(_, let error): code(for: error)
    case .system: .inputOutput
    }
  }

  private static func code(for error: UplinkError) -> ExitCode {
    switch error {
    case .badTopic, .badTarget: .configuration
    case .storage(_, let error): code(for: error)
    case .system: .inputOutput
    }
  }

  private static func code(for error: AccountsError) -> ExitCode {
    switch error {
    case .unreadable: .noInput
    case .mistakes: .configuration
    case .unwritable: .cannotCreate
    case .alreadyThere, .notThere: .negative
    case .refused: .usage
    }
  }

  private static func code(for error: IngressError) -> ExitCode {
    switch error {
    case .badAddress, .badTopic, .badUsers, .cannotSubscribe: .configuration
    case .cannotListen: .unavailable
    case .system: .inputOutput
    }
  }
}
