package import Bytes

/// An answer whose body is known as a whole.
package struct HTTPResponse: Hashable, Sendable {
  package var status: HTTPStatus
  package var contentType: String
  package var body: [UInt8]

  package init(_ status: HTTPStatus = .ok, contentType: String = "text/plain; charset=utf-8", body: [UInt8]) {
    self.status = status
    self.contentType = contentType
    self.body = body
  }

  package init(_ status: HTTPStatus, text: String) {
    self.init(status, body: Array(text.utf8) + [UInt8(ascii: "\n")])
  }

  /// Appends the answer to `writer`.
  /// - Parameters:
  ///   - keepsConnection: whether the connection stays open for a further request.
  ///   - withoutBody: for HEAD: everything but the body.
  package func encode(into writer: inout ByteWriter, keepsConnection: Bool, withoutBody: Bool = false) {
    writer.append("HTTP/1.1 \(status.rawValue) \(status.phrase)\r\n")
    writer.append("Content-Type: \(contentType)\r\nContent-Length: \(body.count)\r\n")
    writer.append(literal: "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n")
    if status == .methodNotAllowed { writer.append(literal: "Allow: GET, HEAD\r\n") }
    writer.append("Connection: \(keepsConnection ? "keep-alive" : "close")\r\n\r\n")
    if !withoutBody { writer.append(body) }
  }

  /// Reads an answer of ours from the bytes of a whole connection; nil for anything else, and where it is cut short.
  package static func parse(_ bytes: RawSpan) -> HTTPResponse? {
    guard let head = HTTPHead.find(in: bytes), head.startLine.hasPrefix("HTTP/1.1 ") else { return nil }
    guard let number = Int(head.startLine.dropFirst(9).prefix(3)), let status = HTTPStatus(rawValue: number),
      let fields = try? HTTPFields(head.fieldLines, limit: HTTPRequest.maximumFields),
      let length = fields["content-length"].flatMap({ Int($0) }), length >= 0,
      bytes.byteCount - head.byteCount >= length
    else { return nil }
    let body = bytes.extracting(head.byteCount..<(head.byteCount + length))
    return HTTPResponse(status, contentType: fields["content-type"] ?? "", body: body.array)
  }
}
