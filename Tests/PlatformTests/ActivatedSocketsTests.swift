import Glibc
import Platform
import Support
import Testing

/// Descriptors are put where systemd would put them, only at higher numbers that the test runner does not use.
@Suite(.serialized) struct ActivatedSocketsTests {
  private static let first: CInt = 900
  private let ours = "\(CurrentProcess.identifier)"
  private let directory = TemporaryDirectory()

  @Test func `sockets are taken by address and by name`() throws {
    let path = directory.path + "/mqtt.sock"
    let tcp = try #require(SocketAddress("127.0.0.1:0"))
    let web = try ListeningSocket(tcp)
    let mqtt = try LocalSocket.listen(path)
    place(web.descriptor, 0)
    place(mqtt.raw, 1)
    var sockets = ActivatedSockets(process: ours, count: "2", names: "web:mqtt", firstDescriptor: Self.first)
    let names = sockets.entries.map(\.name)
    let addresses = sockets.entries.map(\.address)
    let problems = sockets.problems
    #expect(names == ["web", "mqtt"])
    #expect(addresses == [web.address, .local(path)])
    #expect(problems.isEmpty)
    #expect(fcntl(Self.first, F_GETFD) == FD_CLOEXEC)
    #expect(fcntl(Self.first + 1, F_GETFL) & O_NONBLOCK != 0)

    var taken: [ListenAddress] = []
    if case .some(let socket) = sockets.take(named: "web") { taken.append(socket.address) }
    if case .some(let socket) = sockets.take(.local(path)) { taken.append(socket.address) }
    let nameAgain = sockets.take(named: "web") == nil
    let isEmpty = sockets.entries.isEmpty
    #expect(taken == [web.address, .local(path)])
    #expect(nameAgain)
    #expect(isEmpty)
  }

  @Test func `one that was handed over accepts, and its file stays when it goes`() throws {
    let path = directory.path + "/mqtt.sock"
    do {
      let mqtt = try LocalSocket.listen(path)
      place(mqtt.raw, 0)
    }
    do {
      var sockets = ActivatedSockets(process: ours, count: "1", names: nil, firstDescriptor: Self.first)
      let taken = sockets.take(named: "unknown")
      let client = try LocalSocket.connect(path, timeoutSeconds: 5)
      var isAccepted = false
      if case .some(let socket) = taken, case .connection = socket.accept() { isAccepted = true }
      withExtendedLifetime(client) {}
      #expect(isAccepted)
    }
    #expect(FileSystem.exists(path))
    #expect(fcntl(Self.first, F_GETFD) == -1)
  }

  @Test func `what is no listening stream socket is closed, and said`() throws {
    let any = try #require(SocketAddress("127.0.0.1:0"))
    let datagrams = try DatagramSocket(any, maxDatagramBytes: 1, receiveBufferBytes: 4096)
    let silent = FileDescriptor(owning: socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0))
    let file = FileDescriptor(owning: open("/dev/null", O_RDONLY))
    place(datagrams.descriptor, 0)
    place(silent.raw, 1)
    place(file.raw, 2)
    let sockets = ActivatedSockets(process: ours, count: "3", names: "udp:silent:file", firstDescriptor: Self.first)
    let isEmpty = sockets.entries.isEmpty
    let problems = sockets.problems
    #expect(isEmpty)
    #expect(problems.count == 3)
    for (problem, name) in zip(problems, ["udp", "silent", "file"]) {
      #expect(problem.contains("`\(name)`") && problem.contains("ListenStream="))
    }
    for index in 0..<CInt(3) { #expect(fcntl(Self.first + index, F_GETFD) == -1) }
  }

  @Test func `fewer descriptors than announced are said, and those that are there are had`() throws {
    let socket = try ListeningSocket(try #require(SocketAddress("127.0.0.1:0")))
    place(socket.descriptor, 0)
    let sockets = ActivatedSockets(process: ours, count: "2", names: "a:b", firstDescriptor: Self.first)
    let names = sockets.entries.map(\.name)
    let problems = sockets.problems
    #expect(names == ["a"])
    #expect(problems.count == 1)
  }

  @Test(arguments: [("1", "1"), (nil, "1"), ("", "1"), ("x", "1")])
  func `those for another process are left alone`(process: String?, count: String) throws {
    let socket = try ListeningSocket(try #require(SocketAddress("127.0.0.1:0")))
    place(socket.descriptor, 0)
    do {
      let sockets = ActivatedSockets(process: process, count: count, names: nil, firstDescriptor: Self.first)
      let isEmpty = sockets.entries.isEmpty && sockets.problems.isEmpty
      #expect(isEmpty)
    }
    #expect(fcntl(Self.first, F_GETFD) >= 0)
    close(Self.first)
  }

  @Test(arguments: [nil, "", "0", "-1", "x", "99999999999"]) func `no count, no sockets`(count: String?) {
    let sockets = ActivatedSockets(process: ours, count: count, names: nil, firstDescriptor: Self.first)
    let isEmpty = sockets.entries.isEmpty && sockets.problems.isEmpty
    #expect(isEmpty)
  }

  private func place(_ raw: CInt, _ index: CInt) {
    #expect(dup2(raw, Self.first + index) == Self.first + index)
  }
}
