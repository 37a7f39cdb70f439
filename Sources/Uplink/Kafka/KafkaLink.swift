import Bytes
import Platform
import Wire

/// The connection to one broker. One owner, one thread.
final class KafkaLink {
  let address: String
  private var socket: TargetSocket
  private var connection: KafkaConnection
  /// At first there is a request to be sent.
  private var isWritingWanted = true
  /// When something was last asked of the broker (monotonic nanoseconds).
  private(set) var lastAsked: Int64

  /// Connects: waits for some seconds at the most. `poller` watches the connection from then on.
  init(
    to address: String, clientID: String, credentials: KafkaConnection.Credentials?, deadSeconds: Int,
    _ poller: borrowing Poller, now: Int64
  ) throws(TargetFailure) {
    self.address = address
    lastAsked = now
    do throws(SystemError) {
      socket = try TargetSocket(to: address, deadSeconds: deadSeconds)
      try poller.add(socket.raw, [.readable, .writable], token: 0)
    } catch {
      throw TargetFailure(
        "kafka \(address): \(error.reason); look at the address, the network, and what the brokers advertise")
    }
    let nonce = "\(String(Randomness.uint64(), radix: 36))\(String(Randomness.uint64(), radix: 36))"
    connection = KafkaConnection(clientID: clientID, credentials: credentials, nonce: nonce)
  }

  var isReady: Bool { connection.isReady }

  func failure(_ reason: String) -> TargetFailure { TargetFailure("kafka \(address): \(reason)") }

  /// Takes what has come.
  /// - Returns: what it says; and how the connection ended, if it did.
  func receive() throws(TargetFailure) -> (events: [KafkaConnection.Event], ending: String?) {
    let ending = socket.receive()
    do throws(KafkaConnection.Failure) {
      return (try Self.take(socket, &connection), ending)
    } catch {
      throw failure(error.description)
    }
  }

  private static func take(
    _ socket: borrowing TargetSocket, _ connection: inout KafkaConnection
  ) throws(KafkaConnection.Failure) -> [KafkaConnection.Event] {
    try connection.receive(socket.received.bytes)
  }

  /// Makes a request.
  func ask(
    _ now: Int64, _ body: (inout KafkaConnection) throws(KafkaConnection.Failure) -> Void
  ) throws(TargetFailure) {
    lastAsked = now
    do throws(KafkaConnection.Failure) {
      try body(&connection)
    } catch {
      throw failure(error.description)
    }
  }

  /// Sends what can be sent, and has `poller` tell when more can.
  /// - Returns: how much has been sent, and whether what was sent before has come further.
  func transmit(_ poller: borrowing Poller) throws(TargetFailure) -> (bytes: Int, hasProgressed: Bool) {
    do throws(SystemError) {
      try socket.send(&connection.output)
      let isWanted = connection.output.count > 0
      if isWanted != isWritingWanted {
        try poller.modify(socket.raw, isWanted ? [.readable, .writable] : .readable, token: 0)
        isWritingWanted = isWanted
      }
    } catch {
      throw failure(error.reason)
    }
    return (socket.takeSentBytes(), socket.takeProgress())
  }
}
