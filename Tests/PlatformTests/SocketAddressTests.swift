import Platform
import Testing

@Suite struct SocketAddressTests {
  @Test(arguments: [
    ("0.0.0.0:1883", "0.0.0.0:1883", false, false),
    ("127.0.0.1:0", "127.0.0.1:0", false, true),
    ("127.9.8.7:65535", "127.9.8.7:65535", false, true),
    ("192.168.1.20:1", "192.168.1.20:1", false, false),
    ("[::]:1883", "[::]:1883", true, false),
    ("[::1]:1883", "[::1]:1883", true, true),
    ("[fe80::1%1]:5", "[fe80::1%1]:5", true, false),
    ("[2001:db8::7]:80", "[2001:db8::7]:80", true, false),
    ("[::ffff:127.0.0.1]:80", "127.0.0.1:80", false, true),
    ("[::ffff:10.0.0.1]:80", "10.0.0.1:80", false, false),
  ])
  func `addresses are read and written`(text: String, expected: String, isIPv6: Bool, isLoopback: Bool) throws {
    let address = try #require(SocketAddress(text))
    #expect("\(address)" == expected)
    #expect(address.isIPv6 == isIPv6)
    #expect(address.isLoopback == isLoopback)
  }

  @Test(arguments: [
    "", ":1883", "1883", "10.0.0.1", "10.0.0.1:", "10.0.0.1:65536", "10.0.0.1:x", "::1:80", "[::1]", "[::1:80",
  ])
  func `what is no address`(text: String) {
    #expect(SocketAddress(text) == nil)
  }

  @Test func `an address without its port stands for all its ports`() throws {
    let one = try #require(SocketAddress("10.0.0.1:1"))
    let two = try #require(SocketAddress("10.0.0.1:2"))
    #expect(one != two)
    #expect(one.withoutPort == two.withoutPort)
    #expect(one.host == "10.0.0.1")
  }

  @Test(arguments: ["127.0.0.1:0", "[::1]:0"]) func `a listening socket has the port that it was given`(text: String)
    throws
  {
    let socket = try ListeningSocket(try #require(SocketAddress(text)))
    #expect(socket.address.port != 0)
    let again = ListenAddress("\(socket.address)")
    #expect(again == socket.address)
  }

  @Test func `a datagram socket with nothing to receive does not wait`() throws {
    let address = try #require(SocketAddress("127.0.0.1:0"))
    var receiver = try DatagramSocket(address, maxDatagramBytes: 4, receiveBufferBytes: 1 << 16)
    let nothing = try receiver.receive()
    #expect(nothing == 0)
    let drops = receiver.takeKernelDrops()
    #expect(drops == 0)
  }
}
