import Console
import Ingress
import Platform
import Records
import Routing
import Storage
import Uplink

/// What the daemon says about itself, as JSON: `/api/v1/status`.
enum StatusReport {
  static func json(of stages: Stages, _ time: any TimeSource) -> JSONValue {
    let ingress = stages.ingress.status
    return [
      "gateway": .string(stages.configuration.gateway),
      "version": .string(Version.current),
      "process": .count(CurrentProcess.identifier),
      "data": .string(stages.configuration.data),
      "epoch": .string(stages.log.epoch.description),
      "startedAt": .string(Timestamp(milliseconds: stages.startedAt).rfc3339),
      "uptimeSeconds": .count((time.monotonicNanoseconds() - stages.startedMonotonic) / 1_000_000_000),
      "health": .string(stages.ailment ?? "ok"),
      "log": log(stages.log),
      "mqtt": mqtt(ingress.mqtt, addresses: stages.ingress.mqttAddresses),
      "udp": .array(ingress.udp.map(udp)),
      "subscriptions": .array(stages.subscriptions.map { subscription($0.status) }),
      "uplinks": .array(stages.uplinks.map { uplink($0.status) }),
      "routes": .array(stages.routes.map { route($0.status) }),
      "console": [
        "socket": .string(stages.configuration.console.socket), "listen": .optional(stages.consoleAddress),
      ],
    ]
  }

  private static func log(_ log: Log) -> JSONValue {
    let metrics = log.metrics
    let segments = log.segments
    let start = log.startOffset
    let end = log.durableEnd
    return [
      "startOffset": .count(start),
      "endOffset": .count(end),
      "records": .count(end - start),
      "bytes": .count(segments.reduce(0) { $0 + $1.bytes }),
      "segments": .count(segments.count),
      "commits": .count(metrics.commits),
      "recordsCommitted": .count(metrics.records),
      "bytesWritten": .count(metrics.bytesWritten),
      "recordsRetired": .count(metrics.recordsRetired),
      "recordsDropped": .count(metrics.recordsDropped),
      "retired": removed(metrics.retired),
      "dropped": removed(metrics.dropped),
      "refusal": .optional(metrics.refusal?.description),
      "oldestRecord": .optional(metrics.oldestRecord?.rfc3339),
      "newestRecord": .optional(metrics.newestRecord?.rfc3339),
      "bytesWrittenTotal": .count(metrics.bytesWrittenTotal),
      "bytesWrittenPerDay": metrics.bytesWrittenPerDay.map { .count($0) } ?? .null,
      "freeBytes": metrics.freeBytes.map { .count($0) } ?? .null,
      "syncMicroseconds": latencies(metrics.sync),
      "writeMicroseconds": latencies(metrics.write),
      "failure": .optional(log.failure?.description),
    ]
  }

  /// By the limit it went for.
  private static func removed(_ removed: [RetentionReason: LogMetrics.Removed]) -> JSONValue {
    .object(
      RetentionReason.allCases.compactMap { reason in
        removed[reason].map {
          .init(key: reason.rawValue, value: ["records": .count($0.records), "bytes": .count($0.bytes)])
        }
      })
  }

  private static func latencies(_ histogram: LatencyHistogram) -> JSONValue {
    [
      "median": .count(histogram.percentile(0.5) / 1000), "p99": .count(histogram.percentile(0.99) / 1000),
      "max": .count(histogram.maximumNanoseconds / 1000),
    ]
  }

  private static func mqtt(_ status: MQTTListenerStatus, addresses: [String]) -> JSONValue {
    let rejected = status.rejected.sorted { $0.key < $1.key }
    return [
      "listen": .array(addresses.map { .string($0) }),
      "connections": .count(status.connections),
      "connectionsAccepted": .count(status.connectionsAccepted),
      "messages": .count(status.messages),
      "bytes": .count(status.bytes),
      "acks": .count(status.acks),
      "duplicates": .count(status.duplicates),
      "subscriptions": .count(status.subscriptions),
      "deliveries": .count(status.deliveries),
      "laggingSubscribers": .count(status.laggingSubscribers),
      "heldPublishers": .count(status.heldPublishers),
      "rejected": .object(rejected.map { .init(key: $0.key, value: .count($0.value)) }),
    ]
  }

  private static func udp(_ status: UDPListenerStatus) -> JSONValue {
    [
      "listen": .string(status.address),
      "messages": .count(status.messages),
      "bytes": .count(status.bytes),
      "tooLarge": .count(status.tooLarge),
      "kernelDrops": .count(status.kernelDrops),
      "logFull": .count(status.logFull),
    ]
  }

  private static func route(_ status: RouteStatus) -> JSONValue {
    [
      "name": .string(status.name),
      "state": .string(status.state),
      "position": .count(status.position),
      "lag": .count(status.lag),
      "delivered": .count(status.delivered),
      "retries": .count(status.retries),
      "deadLettered": .count(status.deadLettered),
      "missed": .count(status.missed),
      "saveFailures": .count(status.saveFailures),
      "lastError": .optional(status.lastError),
    ]
  }

  private static func subscription(_ status: BrokerSubscriptionStatus) -> JSONValue {
    [
      "name": .string(status.name),
      "broker": .string(status.broker),
      "state": .string(status.state.rawValue),
      "messages": .count(status.messages),
      "bytes": .count(status.bytes),
      "connections": .count(status.connections),
      "lastError": .optional(status.lastError),
    ]
  }

  private static func uplink(_ status: UplinkStatus) -> JSONValue {
    [
      "name": .string(status.name),
      "target": .string(status.target),
      "state": .string(status.state.rawValue),
      "position": .count(status.position),
      "backlog": .count(status.backlogRecords),
      "shippedRecords": .count(status.shippedRecords),
      "rawBytes": .count(status.rawBytes),
      "shippedBytes": .count(status.shippedBytes),
      "shipments": .count(status.shipments),
      "retries": .count(status.retries),
      "deadLetters": .count(status.deadLetters),
      "saveFailures": .count(status.saveFailures),
      "lastError": .optional(status.lastError),
      "connectedSince": .optional(status.connectedSince?.rfc3339),
    ]
  }
}
