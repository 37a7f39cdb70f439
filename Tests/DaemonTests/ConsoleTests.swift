import Bytes
import Console
import Platform
import Support
import Testing
import Wire

/// The console on its Unix socket, with real clients.
struct ConsoleTests {
  private let directory = TemporaryDirectory()
  private var path: String { directory.path + "/console.sock" }

  private func start() throws -> Console {
    var configuration = ConsoleConfiguration(socket: path)
    configuration.listen = nil
    return try Console.start(configuration) { request, _ in
      HTTPResponse(.ok, text: "\(request.method) \(request.path)")
    }
  }

  /// Sends `text` on a connection of its own and returns what comes until the far side closes.
  private func exchange(_ text: String) throws -> String {
    let socket = try LocalSocket.connect(path, timeoutSeconds: 5)
    _ = socket.send(Array(text.utf8).span.bytes)
    return Self.read(socket)
  }

  private static func read(_ socket: borrowing FileDescriptor) -> String {
    var answer: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 4096)
    while case .moved(let count) = piece.withUnsafeMutableBytes({ socket.read(into: $0) }) { answer += piece[..<count] }
    return String(decoding: answer, as: UTF8.self)
  }

  @Test func `the client asks and is answered`() throws {
    let console = try start()
    defer { console.stop() }
    let response = try #require(try ConsoleClient.ask("/x", socket: path))
    #expect(response == HTTPResponse(.ok, text: "GET /x"))
  }

  @Test func `requests on one connection are answered in order, however they are cut`() throws {
    let console = try start()
    defer { console.stop() }
    let answers = try exchange(
      "GET /a HTTP/1.1\r\nHost: x\r\n\r\nHEAD /b HTTP/1.1\r\nHost: x\r\n\r\nGET /c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )
    #expect(answers.contains("GET /a") && answers.contains("GET /c"))
    #expect(!answers.contains("HEAD /b"))
    #expect(answers.split(separator: "HTTP/1.1 200 OK").count == 3)
  }

  @Test func `what is no request is refused, and the connection closed`() throws {
    let console = try start()
    defer { console.stop() }
    #expect(try exchange("hello\r\n\r\n").hasPrefix("HTTP/1.1 400 Bad Request"))
    #expect(try exchange("GET / HTTP/1.1\r\nX: " + String(repeating: "x", count: 20_000)).contains("431"))
  }

  @Test func `a client too many is turned away, and the others are served`() throws {
    let console = try start()
    defer { console.stop() }
    var idle: [Idle] = []
    for _ in 0..<40 { idle.append(Idle(try LocalSocket.connect(path, timeoutSeconds: 5))) }
    var byte: UInt8 = 0
    #expect(withUnsafeMutableBytes(of: &byte) { idle[39].socket.read(into: $0) } == .endOfStream)
    idle.removeAll()
    // The console sees the closed connections before or with the new one; a moment may pass.
    try waitUntil(seconds: 5, "an answer") { try ConsoleClient.ask("/x", socket: path)?.status == .ok }
  }

  private final class Idle {
    let socket: FileDescriptor
    init(_ socket: consuming FileDescriptor) { self.socket = socket }
  }

  @Test func `the default address may be taken, one that somebody asked for may not`() throws {
    let taken = try ListeningSocket(try #require(SocketAddress("127.0.0.1:0")))
    var configuration = ConsoleConfiguration(socket: path)
    configuration.listen = "\(taken.address)"
    let console = try Console.start(configuration) { _, _ in HTTPResponse(.ok, text: "") }
    #expect(console.listenAddress == nil)
    #expect(try ConsoleClient.ask("/x", socket: path)?.status == .ok)
    console.stop()
    configuration.isListenRequired = true
    let error = #expect(throws: ConsoleError.self) {
      try Console.start(configuration) { _, _ in HTTPResponse(.ok, text: "") }
    }
    #expect(error?.description.contains("`console.listen`") == true)
  }

  @Test func `a socket left behind is replaced, another file is not`() throws {
    try start().stop()
    #expect(!FileSystem.exists(path))
    // A listener that goes without a word, as at kill -9, leaves its socket.
    _ = try LocalSocket.listen(path)
    #expect(FileSystem.exists(path))
    try start().stop()
    try writeFile(directory.path + "/file", "mine")
    let error = #expect(throws: ConsoleError.self) {
      try Console.start(ConsoleConfiguration(socket: directory.path + "/file")) { _, _ in HTTPResponse(.ok, text: "") }
    }
    #expect(error?.description.contains("`console.socket`") == true)
    #expect(try readFile(directory.path + "/file") == "mine")
  }

  @Test func `a socket somebody listens at is not taken away`() throws {
    let console = try start()
    defer { console.stop() }
    #expect(throws: ConsoleError.self) { try start() }
    #expect(try ConsoleClient.ask("/x", socket: path)?.status == .ok)
  }

  @Test func `a path longer than the kernel takes is an error that names the setting`() {
    let long = "/" + String(repeating: "x", count: 107)
    let error = #expect(throws: ConsoleError.self) {
      try Console.start(ConsoleConfiguration(socket: long)) { _, _ in HTTPResponse(.ok, text: "") }
    }
    #expect(error?.description.contains("`console.socket`") == true)
  }

  @Test func `nobody there is told from not allowed`() {
    let error = #expect(throws: SystemError.self) { try ConsoleClient.ask("/x", socket: path) }
    #expect(error?.reasonForNoAnswer == .notRunning)
  }
}
