import Ingress
import Support

/// A station with three ingress threads, whose clients know where they belong.
final class ThreadedStation {
  static let threads = 3
  let station: Station
  /// Here the first thread accepts all connections.
  let firstAddress: String

  init(in directory: TemporaryDirectory, _ change: (inout MQTTListenerConfiguration) -> Void = { _ in }) throws {
    let path = "unix:" + directory.path + "/mqtt.sock"
    station = try Station(threads: Self.threads, in: directory) { mqtt in
      mqtt.listen.append(path)
      change(&mqtt)
    }
    firstAddress = path
  }

  /// A client id that belongs to `thread`, of as many as it has.
  static func name(_ prefix: String, on thread: Int, of threads: Int = threads) -> String {
    let homes = ClientHomes(threads: threads)
    var number = 0
    while homes.ownThread(of: Array("\(prefix)\(number)".utf8)) != thread { number += 1 }
    return "\(prefix)\(number)"
  }

  /// A client that the first thread has accepted, of the given thread.
  func connect(_ prefix: String, on thread: Int) throws -> ScriptedClient {
    try ScriptedClient.connected(firstAddress, Self.name(prefix, on: thread))
  }

  /// A client that has subscribed.
  func subscribed(_ prefix: String, on thread: Int, _ filter: String, qos: UInt8 = 1) throws -> ScriptedClient {
    let client = try connect(prefix, on: thread)
    client.send(MQTTBytes.subscribe(1, (filter, qos)))
    try client.expect(MQTTBytes.suback(1, qos))
    return client
  }

  var handedOver: Int { station.ingress.status.mqtt.connectionsHandedOver }
}

/// Bytes of a packet as text.
func text(_ bytes: some Sequence<UInt8>) -> String { String(decoding: Array(bytes), as: UTF8.self) }
