import Bytes
import Ingress
import Platform
import Uplink
import Wire

// What the console answers. Called on the console's thread.
extension Stages {
  func answer(_ request: HTTPRequest, isLocal: Bool, _ time: any TimeSource) -> HTTPResponse {
    if request.method == "POST", let order = UplinkOrder(path: request.path) {
      return isLocal ? obey(order) : HTTPResponse(.forbidden, text: "orders are taken over the Unix socket alone")
    }
    guard request.method == "GET" || request.method == "HEAD" else {
      return HTTPResponse(.methodNotAllowed, text: "only GET and HEAD are served here")
    }
    switch request.path {
    case "/healthz":
      if let ailment { return HTTPResponse(.unavailable, text: ailment) }
      return HTTPResponse(.ok, text: "ok")
    case "/api/v1/status":
      let report = StatusReport.json(of: self, time)
      return HTTPResponse(contentType: "application/json", body: report.bytes + [UInt8(ascii: "\n")])
    case "/api/v1/clients":
      guard let clients = ingress.clients() else {
        return HTTPResponse(.unavailable, text: "the ingress thread does not answer; look at /healthz")
      }
      return HTTPResponse(
        contentType: "application/json", body: ClientsReport.json(clients).bytes + [UInt8(ascii: "\n")])
    default:
      return HTTPResponse(.notFound, text: "there is /api/v1/status, /api/v1/clients and /healthz")
    }
  }

  private func obey(_ order: UplinkOrder) -> HTTPResponse {
    guard let uplink = uplinks.first(where: { $0.status.name == order.uplink }) else {
      return HTTPResponse(.notFound, text: "there is no uplink `\(order.uplink)`")
    }
    switch order.action {
    case .retry: uplink.retry()
    case .pause: uplink.pause()
    case .resume: uplink.resume()
    }
    return HTTPResponse(.ok, text: "ok")
  }
}
