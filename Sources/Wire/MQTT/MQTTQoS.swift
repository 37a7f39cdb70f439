/// How surely a message is passed on.
package enum MQTTQoS: UInt8, Hashable, Comparable, Sendable {
  case atMostOnce = 0
  case atLeastOnce = 1
  case exactlyOnce = 2

  package static func < (left: MQTTQoS, right: MQTTQoS) -> Bool { left.rawValue < right.rawValue }
}
