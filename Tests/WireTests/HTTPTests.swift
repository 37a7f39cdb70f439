import Bytes
import Testing
import Wire

struct HTTPTests {
  private func parse(_ text: String) -> HTTPRequest.Outcome {
    HTTPRequest.parse(Array(text.utf8).span.bytes)
  }

  @Test func `a request is read with path, query and fields`() throws {
    let text = "GET /api/v1/status?pretty=1 HTTP/1.1\r\nHost: box\r\nX-Empty:\r\nAccept:  text/html \t\r\n\r\nrest"
    guard case .request(let request, let byteCount) = parse(text) else {
      Issue.record("not read")
      return
    }
    #expect(request.method == "GET")
    #expect(request.path == "/api/v1/status")
    #expect(request.query == "pretty=1")
    #expect(request.fields["accept"] == "text/html")
    #expect(request.fields["x-empty"] == "")
    #expect(request.fields["missing"] == nil)
    #expect(request.isPersistent)
    #expect(byteCount == text.utf8.count - 4)
  }

  @Test func `a request cut anywhere is incomplete, never refused`() {
    let text = "GET /healthz HTTP/1.1\r\nHost: box\r\nConnection: close\r\n\r\n"
    for count in 0..<text.utf8.count {
      #expect(HTTPRequest.parse(Array(text.utf8.prefix(count)).span.bytes) == .incomplete, "\(count)")
    }
  }

  @Test(arguments: [
    ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", true), ("GET / HTTP/1.1\nHost: a\n\n", true),
    ("GET / HTTP/1.1\r\nHost: a\r\nConnection: Close\r\n\r\n", false), ("GET / HTTP/1.0\r\n\r\n", false),
    ("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true),
  ])
  func `the connection stays open as version and Connection say`(text: String, stays: Bool) {
    guard case .request(let request, _) = parse(text) else {
      Issue.record("not read: \(text)")
      return
    }
    #expect(request.isPersistent == stays)
  }

  @Test(arguments: [
    ("no request line", "hello\r\n\r\n", HTTPStatus.badRequest),
    ("an empty request", "\r\n\r\n", .badRequest),
    ("a later version", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", .versionNotSupported),
    ("a path without a slash", "GET status HTTP/1.1\r\nHost: a\r\n\r\n", .badRequest),
    ("a control character in the path", "GET /\u{1}x HTTP/1.1\r\nHost: a\r\n\r\n", .badRequest),
    ("no host", "GET / HTTP/1.1\r\n\r\n", .badRequest),
    ("two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", .badRequest),
    ("a space before the colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", .badRequest),
    ("a continued line", "GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n", .badRequest),
    ("a lone carriage return in a field", "GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n", .badRequest),
    ("a body", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", .contentTooLarge),
    ("a chunked body", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", .notImplemented),
  ])
  func `what is not a request we serve is refused`(name: String, text: String, status: HTTPStatus) {
    guard case .refused(let found, _) = parse(text) else {
      Issue.record("\(name) was taken")
      return
    }
    #expect(found == status, "\(name)")
  }

  @Test func `heads are limited in bytes and fields, ended or not`() {
    let long = "GET / HTTP/1.1\r\nHost: a\r\nX: " + String(repeating: "x", count: HTTPRequest.maximumHeadBytes)
    #expect(refusal(long) == .headTooLarge)
    #expect(refusal(long + "\r\n\r\n") == .headTooLarge)
    let many = (0...HTTPRequest.maximumFields).map { "X\($0): y\r\n" }.joined()
    #expect(refusal("GET / HTTP/1.1\r\nHost: a\r\n\(many)\r\n") == .headTooLarge)
  }

  private func refusal(_ text: String) -> HTTPStatus? {
    guard case .refused(let status, _) = parse(text) else { return nil }
    return status
  }

  @Test func `a request with any byte changed never traps`() {
    let text = Array("GET /a?b HTTP/1.1\r\nHost: box\r\nContent-Length: 0\r\n\r\n".utf8)
    for index in text.indices {
      for byte in [0, 9, 10, 13, 32, 58, 128, 255] as [UInt8] {
        var damaged = text
        damaged[index] = byte
        _ = HTTPRequest.parse(damaged.span.bytes)
      }
    }
  }

  @Test func `a response is written byte by byte as RFC 9112 has it`() {
    var writer = ByteWriter()
    HTTPResponse(.notFound, text: "no").encode(into: &writer, keepsConnection: false)
    #expect(
      writer.bytes.text == """
        HTTP/1.1 404 Not Found\r
        Content-Type: text/plain; charset=utf-8\r
        Content-Length: 3\r
        Cache-Control: no-store\r
        X-Content-Type-Options: nosniff\r
        Connection: close\r
        \r
        no

        """)
  }

  @Test func `a response is read back, and not where it is cut short`() {
    let response = HTTPResponse(contentType: "application/json", body: Array("{}".utf8))
    var writer = ByteWriter()
    response.encode(into: &writer, keepsConnection: true)
    #expect(HTTPResponse.parse(writer.bytes) == response)
    for count in 0..<writer.count {
      #expect(HTTPResponse.parse(writer.bytes.extracting(0..<count)) == nil)
    }
  }
}
