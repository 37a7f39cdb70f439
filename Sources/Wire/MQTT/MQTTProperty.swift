/// The properties of MQTT 5 by their identifiers (section 2.2.2.2).
enum MQTTProperty: UInt8, Hashable {
  case payloadFormat = 1
  case messageExpiry = 2
  case contentType = 3
  case responseTopic = 8
  case correlationData = 9
  case subscriptionID = 11
  case sessionExpiry = 17
  case assignedClientID = 18
  case serverKeepAlive = 19
  case authenticationMethod = 21
  case authenticationData = 22
  case requestProblemInformation = 23
  case willDelay = 24
  case requestResponseInformation = 25
  case responseInformation = 26
  case serverReference = 28
  case reasonString = 31
  case receiveMaximum = 33
  case topicAliasMaximum = 34
  case topicAlias = 35
  case maximumQoS = 36
  case retainAvailable = 37
  case userProperty = 38
  case maximumPacketSize = 39
  case wildcardSubscriptionAvailable = 40
  case subscriptionIDAvailable = 41
  case sharedSubscriptionAvailable = 42

  /// The packets that clients send properties in.
  enum Place {
    case connect
    case will
    case publish
    case acknowledgement
    case subscribe
    case unsubscribe
    case disconnect
    case authentication
  }

  func isAllowed(in place: Place) -> Bool {
    switch self {
    case .payloadFormat, .messageExpiry, .contentType, .responseTopic, .correlationData:
      place == .publish || place == .will
    case .topicAlias: place == .publish
    case .subscriptionID: place == .subscribe
    case .willDelay: place == .will
    case .sessionExpiry: place == .connect || place == .disconnect
    case .authenticationMethod, .authenticationData: place == .connect || place == .authentication
    case .requestProblemInformation, .requestResponseInformation, .receiveMaximum, .topicAliasMaximum,
      .maximumPacketSize:
      place == .connect
    case .reasonString: place == .acknowledgement || place == .disconnect || place == .authentication
    case .userProperty: true
    case .assignedClientID, .serverKeepAlive, .responseInformation, .serverReference, .maximumQoS, .retainAvailable,
      .wildcardSubscriptionAvailable, .subscriptionIDAvailable, .sharedSubscriptionAvailable:
      false
    }
  }
}
