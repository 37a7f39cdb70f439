import Ingress
package import Records
import Routing
import Storage
import Uplink

/// What the daemon had done by some moment, as far as rates are made of it.
package struct StatusSample: Hashable, Sendable {
  /// Monotonic nanoseconds.
  package var at: Int64
  /// The MQTT listener, then the UDP listeners, then the subscriptions, in the order of the configuration.
  package var sources: [Source] = []
  /// The log's end.
  package var endOffset: Offset = 0
  /// Positions in the order of the configuration.
  package var routes: [Offset] = []
  package var uplinks: [Offset] = []

  /// What has come from one source.
  package struct Source: Hashable, Sendable {
    package var messages: Int
    package var bytes: Int

    package init(messages: Int, bytes: Int) {
      self.messages = messages
      self.bytes = bytes
    }
  }

  package init(at: Int64) {
    self.at = at
  }

  init(_ stages: Stages, at: Int64) {
    self.at = at
    let ingress = stages.ingress.status
    sources = [Source(messages: ingress.mqtt.messages, bytes: ingress.mqtt.bytes)]
    sources += ingress.udp.map { Source(messages: $0.messages, bytes: $0.bytes) }
    sources += stages.subscriptions.map(\.status).map { Source(messages: $0.messages, bytes: $0.bytes) }
    endOffset = stages.log.durableEnd
    routes = stages.routes.map(\.status.position)
    uplinks = stages.uplinks.map(\.status.position)
  }
}
