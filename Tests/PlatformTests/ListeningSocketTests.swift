import Glibc
import Platform
import Support
import Testing

struct ListeningSocketTests {
  private let directory = TemporaryDirectory()
  private var path: String { directory.path + "/mqtt.sock" }

  @Test(arguments: ["0.0.0.0:1883", "[::]:1883", "127.0.0.1:0", "unix:/run/forebay/mqtt.sock", "unix:mqtt.sock"])
  func `addresses of both kinds are read and written`(text: String) throws {
    let address = try #require(ListenAddress(text))
    #expect("\(address)" == text)
  }

  @Test(arguments: ["", "unix:", "unix", "/run/mqtt.sock", "unix:a\0b", "1883", ":1883", "[::]"])
  func `what is no address to listen at`(text: String) {
    #expect(ListenAddress(text) == nil)
  }

  @Test func `a client on a Unix socket is a program on this machine`() throws {
    let socket = try ListeningSocket(.local(path))
    let client = try LocalSocket.connect(path, timeoutSeconds: 5)
    var peer: SocketAddress?
    if case .connection(_, let address) = socket.accept() { peer = address }
    withExtendedLifetime(client) {}
    #expect(peer == .thisMachine)
    #expect(peer?.isLoopback == true)
    #expect(peer.map { "\($0)" } == "local")
    #expect("\(socket.address)" == "unix:\(path)")
  }

  @Test func `a Unix socket is for user and group, and its file goes with it`() throws {
    do {
      let socket = try ListeningSocket(.local(path))
      var information = stat()
      #expect(lstat(path, &information) == 0)
      #expect(information.st_mode & 0o7777 == 0o660)
      withExtendedLifetime(socket.descriptor) {}
      _ = consume socket
    }
    #expect(!FileSystem.exists(path))
  }

  @Test func `a Unix socket that nobody answers at is replaced`() throws {
    abandonSocket(at: path)
    #expect(FileSystem.exists(path))
    let socket = try ListeningSocket(.local(path))
    let client = try LocalSocket.connect(path, timeoutSeconds: 5)
    withExtendedLifetime(client) {}
    #expect(socket.address == .local(path))
  }

  @Test func `a Unix socket that somebody answers at stays, and so does what is no socket`() throws {
    let first = try ListeningSocket(.local(path))
    #expect(throws: SystemError("bind", path, errno: EADDRINUSE)) { _ = try ListeningSocket(.local(path)) }
    let client = try LocalSocket.connect(path, timeoutSeconds: 5)
    withExtendedLifetime(client) {}
    #expect(first.address == .local(path))
    let file = directory.path + "/notes.txt"
    try writeFile(file, "mine")
    #expect(throws: SystemError("bind", file, errno: EADDRINUSE)) { _ = try ListeningSocket(.local(file)) }
    #expect(try readFile(file) == "mine")
  }

  @Test func `the file of a successor at the same path is not removed`() throws {
    var first: ListeningSocket? = try ListeningSocket(.local(path))
    unlink(path)
    let second = try ListeningSocket(.local(path))
    first = nil
    #expect(FileSystem.exists(path))
    #expect(second.address == .local(path))
    _ = first == nil
  }

  @Test func `a path that is too long is refused`() {
    let long = directory.path + "/" + String(repeating: "s", count: 107)
    #expect(throws: SystemError("bind", long, errno: ENAMETOOLONG)) { _ = try ListeningSocket(.local(long)) }
  }

  @Test func `two sockets share a port only where both say so`() throws {
    let any = try #require(SocketAddress("127.0.0.1:0"))
    let first = try ListeningSocket(any, sharesPort: true)
    let second = try ListeningSocket(first.address, sharesPort: true)
    #expect(second.address == first.address)
    let text = "\(first.address)"
    let address = try #require(SocketAddress(text))
    #expect(throws: SystemError("bind", text, errno: EADDRINUSE)) { _ = try ListeningSocket(address) }
  }

  /// Leaves a socket file behind as a process that was killed does.
  private func abandonSocket(at path: String) {
    _ = try? LocalSocket.listen(path)
  }
}
