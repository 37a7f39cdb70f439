import Bytes
import Records
import Storage
import Wire

// Who the clients are, for whoever asks.
extension MQTTListener {
  /// Those that are connected first, by client id.
  func clientStatuses(_ log: Log, now: Int64) -> [ClientStatus] {
    var connected: [ClientStatus] = []
    connections.forEach { connection in
      if connection.session.isConnected { connected.append(status(of: connection, log, now)) }
    }
    let waiting = absent.values.map { session in
      var status = ClientStatus(clientID: session.stored.clientID.span.bytes.text)
      status.subscriptions = session.stored.state.subscriptions.map(Self.status)
      status.inFlightFromClient = session.stored.state.inbound.count
      status.inFlightToClient = session.stored.state.outbound.count
      if !status.subscriptions.isEmpty { status.lag = Int(log.durableEnd - session.stored.next) }
      status.sessionExpirySeconds = Int(session.stored.expirySeconds)
      return status
    }
    return connected.sorted { $0.clientID < $1.clientID } + waiting.sorted { $0.clientID < $1.clientID }
  }

  private func status(of connection: MQTTConnection, _ log: Log, _ now: Int64) -> ClientStatus {
    var status = ClientStatus(clientID: connection.session.clientID.span.bytes.text)
    status.user = connection.account?.name.span.bytes.text
    status.address = "\(connection.peer)"
    status.version = Self.name(of: connection.session.version)
    status.connectedSeconds = Int((now - connection.connectedAt) / 1_000_000_000)
    status.messages = connection.messages
    status.deliveries = connection.deliveries
    status.inFlightFromClient = connection.session.inFlightFromClient
    status.inFlightToClient = connection.session.inFlightToClient
    status.queuedBytes = connection.queuedBytes
    status.subscriptions = connection.session.subscriptions.map(Self.status)
    if !status.subscriptions.isEmpty {
      status.lag = Int(log.durableEnd - (connection.lag?.next ?? (tail == nil ? log.durableEnd : tailPosition)))
    }
    status.sessionExpirySeconds = Int(connection.session.sessionExpirySeconds)
    return status
  }

  private static func status(_ subscription: MQTTSubscription) -> ClientStatus.Subscription {
    let group = subscription.group.map { "$share/\($0.span.bytes.text)/" } ?? ""
    return ClientStatus.Subscription(filter: group + "\(subscription.filter)", qos: Int(subscription.qos.rawValue))
  }

  private static func name(of version: MQTTVersion) -> String {
    switch version {
    case .v3_1: "3.1"
    case .v3_1_1: "3.1.1"
    case .v5: "5.0"
    case .unknown: "unknown"
    }
  }
}
