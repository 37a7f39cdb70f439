/// How a broker subscription stands: a copy.
package struct BrokerSubscriptionStatus: Hashable, Sendable {
  package enum State: String, Sendable {
    case connecting
    case subscribed
    case waiting
    case stopped
  }

  package var name = ""
  /// `HOST:PORT`
  package var broker = ""
  package var state = State.connecting
  package var messages = 0
  package var bytes = 0
  package var connections = 0
  /// In words; the last, even if it is over.
  package var lastError: String?

  package init() {}
}
