import Platform
import Support
import Testing

struct OutgoingSocketTests {
  @Test func `a connection that nobody answers ends in time and in words`() throws {
    let line = try LinkProxy(to: 1)
    line.become(.silent)
    try waitUntil(seconds: 5, "silence") {
      do throws(SystemError) {
        _ = try OutgoingSocket.stream(to: "127.0.0.1:\(line.port)", timeoutSeconds: 1)
        return false
      } catch {
        #expect(error.reason == "Connection timed out")
        return true
      }
    }
  }

  @Test func `a connection that is refused says so`() throws {
    let error = #expect(throws: SystemError.self) {
      _ = try OutgoingSocket.stream(to: "127.0.0.1:\(freePort())", timeoutSeconds: 5)
    }
    #expect(error?.reason == "Connection refused")
  }
}
