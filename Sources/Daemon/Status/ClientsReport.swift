import Ingress
import JSON5

/// Who the MQTT clients are: as JSON, and as a table for people.
package enum ClientsReport {
  static func json(_ clients: [ClientStatus]) -> JSONValue {
    ["clients": .array(clients.map(json))]
  }

  private static func json(_ client: ClientStatus) -> JSONValue {
    [
      "clientID": .string(client.clientID),
      "user": .optional(client.user),
      "address": .optional(client.address),
      "version": .optional(client.version),
      "connectedSeconds": .optional(client.connectedSeconds),
      "messages": .count(client.messages),
      "deliveries": .count(client.deliveries),
      "inFlightFromClient": .count(client.inFlightFromClient),
      "inFlightToClient": .count(client.inFlightToClient),
      "queuedBytes": .count(client.queuedBytes),
      "lag": .count(client.lag),
      "sessionExpirySeconds": .count(client.sessionExpirySeconds),
      "subscriptions": .array(
        client.subscriptions.map { ["filter": .string($0.filter), "qos": .count($0.qos)] }),
    ]
  }

  private static let columns = [28, 16, 24, 9, 12, 10, 10, 10, 8, 10]

  /// The table, of what `json` has written; nil where that is something else.
  package static func render(_ report: [UInt8]) -> String? {
    guard let report = try? JSON5Parser.parse(report), report["clients"] != nil else { return nil }
    let clients = report.elements("clients")
    guard !clients.isEmpty else { return "no clients" }
    let titles = ["CLIENT", "USER", "ADDRESS", "VERSION", "CONNECTED", "IN", "OUT", "IN FLIGHT", "FILTERS", "LAG"]
    var lines = [StatusFormat.row(titles, columns)]
    for client in clients { lines += row(client) }
    return lines.joined(separator: "\n")
  }

  private static func row(_ client: JSON5Value) -> [String] {
    StatusFormat.table(
      [
        client.text("clientID"), client.textIfAny("user") ?? "-", client.textIfAny("address") ?? "away",
        client.text("version"),
        client.numberIfAny("connectedSeconds").map(StatusFormat.duration) ?? "-",
        StatusFormat.grouped(client.number("messages")), StatusFormat.grouped(client.number("deliveries")),
        "\(client.number("inFlightFromClient"))/\(client.number("inFlightToClient"))",
        "\(client.elements("subscriptions").count)", StatusFormat.grouped(client.number("lag")),
      ], columns)
  }
}
