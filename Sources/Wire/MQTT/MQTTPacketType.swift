/// The control packets (MQTT 3.1.1 section 2.2.1).
package enum MQTTPacketType: UInt8, Hashable, Sendable {
  case connect = 1
  case connack = 2
  case publish = 3
  case puback = 4
  case pubrec = 5
  case pubrel = 6
  case pubcomp = 7
  case subscribe = 8
  case suback = 9
  case unsubscribe = 10
  case unsuback = 11
  case pingreq = 12
  case pingresp = 13
  case disconnect = 14
  /// Of version 5.
  case auth = 15
}
