package import Mosquitto

/// Which version of MQTT an uplink speaks with its broker: 5, in which messages carry their identity and the broker says what
/// became of them; 3.1.1 only with a broker that has shown that it knows no better.
///
/// A broker of old says so in its CONNACK, or closes the connection without a word. So does a broken line. 3.1.1 is
/// therefore spoken only after such an end of a connection in 5, a connection in 3.1.1 that is taken, and once more such an end
/// in 5; and with a broker that has once taken 5, never.
package struct MQTTDialect {
  package private(set) var version = MosquittoClient.ProtocolVersion.v5
  private var knowledge = Knowledge.none

  private enum Knowledge {
    case none
    /// A connection in 5 has ended without a word; 3.1.1 is tried.
    case suspicion
    /// 3.1.1 is taken; 5 is tried once more.
    case check
    case speaks5
    case speaks311
  }

  package init() {}

  /// The broker takes the connection.
  /// - Returns: false where it is not to be used: the next one tells more.
  package mutating func accepted() -> Bool {
    switch version {
    case .v5: knowledge = .speaks5
    case .v311:
      guard case .suspicion = knowledge else { return true }
      knowledge = .check
      version = .v5
      return false
    }
    return true
  }

  /// The broker says that it does not speak the version.
  package mutating func refused() {
    knowledge = .speaks311
    version = .v311
  }

  /// The connection was there, and ended before the broker took it.
  package mutating func endedWithoutAWord() {
    switch knowledge {
    case .none: (knowledge, version) = (.suspicion, .v311)
    case .check: (knowledge, version) = (.speaks311, .v311)
    case .suspicion, .speaks311: (knowledge, version) = (.none, .v5)
    case .speaks5: break
    }
  }
}
