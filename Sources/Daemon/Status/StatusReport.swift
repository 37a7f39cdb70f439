import Console
import Ingress
import Platform
import Records
import Routing
import Storage
import Uplink

/// What the daemon says about itself, as JSON: `/api/v1/status`. The keys are in the README.
struct StatusReport {
  let stages: Stages
  /// Of the last minute.
  let rates: StatusRates?
  /// Of the last ten seconds: when a lag will be gone is asked when things have just changed.
  private let recentRates: StatusRates?

  static func json(of stages: Stages, _ time: any TimeSource) -> JSONValue {
    let now = time.monotonicNanoseconds()
    let sample = StatusSample(stages, at: now)
    let report = StatusReport(
      stages: stages, rates: stages.history.rates(upTo: sample, seconds: 60),
      recentRates: stages.history.rates(upTo: sample, seconds: 10))
    return report.json(now: now, wall: time.wallMilliseconds())
  }

  private func json(now: Int64, wall: Int64) -> JSONValue {
    let ingress = stages.ingress.status
    return [
      "running": true,
      "time": .string(Timestamp(milliseconds: wall).rfc3339),
      "gateway": .string(stages.configuration.gateway),
      "version": .string(Version.current),
      "process": .count(CurrentProcess.identifier),
      "data": .string(stages.configuration.data),
      "epoch": .string(stages.log.epoch.description),
      "startedAt": .string(Timestamp(milliseconds: stages.startedAt).rfc3339),
      "uptimeSeconds": .count((now - stages.startedMonotonic) / 1_000_000_000),
      "health": .string(stages.ailment ?? "ok"),
      "log": log,
      "rates": rates.map(Self.json) ?? .null,
      "mqtt": mqtt(ingress.mqtt),
      "udp": .array(ingress.udp.enumerated().map { udp($1, source: 1 + $0) }),
      "subscriptions": .array(
        stages.subscriptions.enumerated().map { subscription($1.status, source: 1 + ingress.udp.count + $0) }),
      "routes": .array(stages.routes.enumerated().map { route($1.status, $0) }),
      "uplinks": .array(stages.uplinks.enumerated().map { uplink($1.status, $0) }),
      "console": [
        "socket": .string(stages.configuration.console.socket), "listen": .optional(stages.consoleAddress),
      ],
    ]
  }

  private static func json(_ rates: StatusRates) -> JSONValue {
    [
      "seconds": .decimal(rates.seconds, 1),
      "messagesPerSecond": .decimal(rates.messages, 1),
      "bytesPerSecond": .decimal(rates.bytes, 0),
      "recordsCommittedPerSecond": .decimal(rates.appended, 1),
    ]
  }
}

// Who takes records out.
extension StatusReport {
  private func route(_ status: RouteStatus, _ index: Int) -> JSONValue {
    let consumer = consumer(
      "route/" + status.name, position: status.position, lag: status.lag, \.routes, index)
    return [
      "name": .string(status.name),
      "state": .string(status.state),
    ] + consumer + [
      "delivered": .count(status.delivered),
      "retries": .count(status.retries),
      "deadLettered": .count(status.deadLettered),
      "missed": .count(status.missed),
      "saveFailures": .count(status.saveFailures),
      "lastError": .optional(status.lastError),
    ]
  }

  private func uplink(_ status: UplinkStatus, _ index: Int) -> JSONValue {
    let consumer = consumer(
      "uplink/" + status.name, position: status.position, lag: status.backlogRecords, \.uplinks, index)
    return [
      "name": .string(status.name),
      "target": .string(status.target),
      "state": .string(status.state.rawValue),
      "stateSince": .optional(status.stateSince?.rfc3339),
      "opensAt": .optional(status.opensAt?.rfc3339),
    ] + consumer + [
      "leftBehind": .count(status.leftBehindRecords),
      "shippedRecords": .count(status.shippedRecords),
      "rawBytes": .count(status.rawBytes),
      "shippedBytes": .count(status.shippedBytes),
      "shipments": .count(status.shipments),
      "shipmentsInFlight": .count(status.shipmentsInFlight),
      "retries": .count(status.retries),
      "deadLetters": .count(status.deadLetters),
      "saveFailures": .count(status.saveFailures),
      "lastError": .optional(status.lastError),
      "connectedSince": .optional(status.connectedSince?.rfc3339),
    ]
  }

  /// What routes and uplinks have in common.
  private func consumer(
    _ name: String, position: Offset, lag: Int, _ positions: KeyPath<StatusSample, [Offset]>, _ index: Int
  ) -> JSONValue {
    let oldest = lag > 0 ? stages.oldestTimes.time(of: name, at: position, in: stages.log) : nil
    let drained = recentRates?.secondsToDrain(lag, consumed: recentRates?.consumed(positions, index) ?? 0)
    return [
      "position": .count(position),
      "lag": .count(lag),
      "oldestRecord": .optional(oldest?.rfc3339),
      "recordsPerSecond": .optional(rates?.consumed(positions, index), digits: 1),
      "secondsToDrain": .optional(lag == 0 ? 0 : drained),
      "lagBytes": .count(lag > 0 ? bytes(behind: position) : 0),
    ]
  }

  /// What the log takes on disk from `position` on, about: of the segment that has it, by its share of the records.
  private func bytes(behind position: Offset) -> Int {
    let segments = stages.log.segments
    let ends = segments.dropFirst().map(\.base) + [stages.log.durableEnd]
    return zip(segments, ends).reduce(0) { sum, item in
      let (segment, end) = item
      guard position < end, end > segment.base else { return sum }
      let share = Double(end - max(position, segment.base)) / Double(end - segment.base)
      return sum + Int(Double(segment.bytes) * share)
    }
  }
}
