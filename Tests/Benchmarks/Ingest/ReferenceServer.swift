import Glibc
import Platform

/// The least that a server can do which acknowledges messages once they are durable: what the daemon is compared with.
///
/// One thread, one loop. A turn reads each socket that has something once; what messages came go to the file with one
/// pwrite and one fdatasync; then their PUBACKs go out. There is no record, checksum, index, limit or subscriber. It ends
/// when its standard input does: with the process that started it, however that ends.
final class ReferenceServer {
  /// The word that makes this program the server: `Benchmarks reference-server FILE PORT UDP-PORT`.
  static let command = "reference-server"

  private let poller: Poller
  private let listener: ListeningSocket
  private var datagrams: DatagramSocket
  private var file: ReferenceFile
  private var connections: [UInt64: ReferenceConnection] = [:]
  private var nextToken: UInt64 = Token.firstConnection
  /// Those that are to be acknowledged at the end of the turn.
  private var waiting: [ReferenceConnection] = []

  private enum Token {
    static let input: UInt64 = 0
    static let listener: UInt64 = 1
    static let datagrams: UInt64 = 2
    static let firstConnection: UInt64 = 3
  }

  static func run(_ words: [String]) throws -> Int32 {
    guard words.count == 3, let address = SocketAddress("127.0.0.1:" + words[1]),
      let udpAddress = SocketAddress("127.0.0.1:" + words[2])
    else { throw BenchmarkError.usage("\(command) FILE PORT UDP-PORT") }
    CurrentProcess.ignoreClosedPipes()
    let server = try ReferenceServer(path: words[0], address, udpAddress)
    try server.run()
    return 0
  }

  private init(path: String, _ address: SocketAddress, _ udpAddress: SocketAddress) throws {
    poller = try Poller(capacity: 1024)
    file = try ReferenceFile(path)
    listener = try ListeningSocket(address)
    // The daemon's default buffer.
    datagrams = try DatagramSocket(udpAddress, maxDatagramBytes: 2048, receiveBufferBytes: 8 << 20, slots: 256)
    try poller.add(0, .readable, token: Token.input)
    try poller.add(listener.descriptor, .readable, token: Token.listener)
    try poller.add(datagrams.descriptor, .readable, token: Token.datagrams)
  }

  private func run() throws {
    while true {
      let count = try poller.wait(milliseconds: -1)
      for index in 0..<count {
        let event = poller.event(at: index)
        switch event.token {
        case Token.input: return
        case Token.listener: try accept()
        case Token.datagrams: try receiveDatagrams()
        default: receive(event.token)
        }
      }
      try file.commit()
      for connection in waiting { connection.sendAcknowledgements() }
      waiting.removeAll(keepingCapacity: true)
    }
  }

  private func accept() throws {
    while true {
      switch listener.accept() {
      case .connection(let descriptor, _):
        try poller.add(descriptor.raw, .readable, token: nextToken)
        connections[nextToken] = ReferenceConnection(descriptor)
        nextToken += 1
      case .none: return
      case .lost: continue
      case .exhausted(let error): throw error
      }
    }
  }

  private func receive(_ token: UInt64) {
    guard let connection = connections[token] else { return }
    guard connection.receive(into: &file) else {
      // Closing the descriptor takes it out of the poller, too.
      connections[token] = nil
      return
    }
    if connection.hasAcknowledgements { waiting.append(connection) }
  }

  private func receiveDatagrams() throws {
    // As much as is there, within what one write should have.
    while file.pendingBytes < 4 << 20 {
      let count = try datagrams.receive()
      guard count > 0 else { return }
      Self.append(count, of: datagrams, to: &file)
    }
  }

  private static func append(_ count: Int, of datagrams: borrowing DatagramSocket, to file: inout ReferenceFile) {
    for index in 0..<count { file.append(datagrams.datagram(at: index)) }
  }
}
