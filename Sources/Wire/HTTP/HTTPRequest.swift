/// The head of an HTTP/1.1 request (RFC 9112), read from the start of a buffer.
///
/// The console's requests have no body: one that announces a body is refused, so that nothing of it can be taken for the
/// next request.
package struct HTTPRequest: Hashable, Sendable {
  package let method: String
  /// Without the query: `/api/v1/status`.
  package let path: String
  /// Behind the `?`, as it was sent; nil without one.
  package let query: String?
  package let fields: HTTPFields
  /// Whether the connection may be used again after the answer.
  package let isPersistent: Bool

  package enum Outcome: Hashable, Sendable {
    /// More bytes are needed.
    case incomplete
    /// A request, which took `byteCount` bytes of the buffer.
    case request(HTTPRequest, byteCount: Int)
    /// No request: answer with `status` and close.
    case refused(status: HTTPStatus, reason: String)
  }

  /// The largest head that is read.
  package static let maximumHeadBytes = 16 << 10
  package static let maximumFields = 64

  package static func parse(_ buffer: RawSpan) -> Outcome {
    guard let head = HTTPHead.find(in: buffer) else {
      return buffer.byteCount > maximumHeadBytes ? tooLarge : .incomplete
    }
    guard head.byteCount <= maximumHeadBytes else { return tooLarge }
    do {
      return .request(try HTTPRequest(head), byteCount: head.byteCount)
    } catch {
      return .refused(status: error.status, reason: error.reason)
    }
  }

  private static let tooLarge = Outcome.refused(
    status: .headTooLarge, reason: "the request's head is larger than \(maximumHeadBytes) bytes")

  private init(_ head: HTTPHead) throws(HTTPRefusal) {
    let parts = head.startLine.split(separator: " ", omittingEmptySubsequences: false)
    guard parts.count == 3, HTTPFields.isToken(parts[0]) else {
      throw HTTPRefusal(.badRequest, "the first line is not `METHOD PATH HTTP/1.1`")
    }
    guard parts[2] == "HTTP/1.1" || parts[2] == "HTTP/1.0" else {
      throw HTTPRefusal(.versionNotSupported, "only HTTP/1.1 and HTTP/1.0 are spoken here")
    }
    guard parts[1].hasPrefix("/"), !parts[1].unicodeScalars.contains(where: { $0.value < 33 || $0.value == 127 }) else {
      throw HTTPRefusal(.badRequest, "the path must begin with `/`")
    }
    fields = try HTTPFields(head.fieldLines, limit: Self.maximumFields)
    if fields["transfer-encoding"] != nil { throw HTTPRefusal(.notImplemented, "a body is not taken here") }
    if let length = fields["content-length"], length != "0" {
      throw HTTPRefusal(.contentTooLarge, "a body is not taken here")
    }
    let isCurrent = parts[2] == "HTTP/1.1"
    if isCurrent, fields["host"] == nil { throw HTTPRefusal(.badRequest, "the Host field is missing") }
    method = String(parts[0])
    let target = parts[1].split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    path = String(target[0])
    query = target.count == 2 ? String(target[1]) : nil
    let connection = fields["connection"]?.lowercased()
    isPersistent = isCurrent ? connection != "close" : connection == "keep-alive"
  }
}

/// Why a request is not served.
struct HTTPRefusal: Error {
  let status: HTTPStatus
  let reason: String

  init(_ status: HTTPStatus, _ reason: String) {
    self.status = status
    self.reason = reason
  }
}
