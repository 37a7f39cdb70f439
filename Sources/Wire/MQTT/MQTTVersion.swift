/// The protocol versions that CONNECT can ask for.
package enum MQTTVersion: Hashable, Sendable {
  case v3_1
  case v3_1_1
  case v5
  case unknown
}
