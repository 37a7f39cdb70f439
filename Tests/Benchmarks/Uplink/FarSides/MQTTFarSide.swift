import Glibc
import Platform

/// A mosquitto that nobody is subscribed at: it takes batches, acknowledges them and forgets them.
final class MQTTFarSide: FarSide {
  static let name = "mqtt"
  let port: UInt16
  var clientPort: UInt16
  private let configuration: String
  private let directory: String
  private var running: RunningProgram?
  private var starts = 0

  /// Does not start it yet.
  /// - Parameter directory: where what it says goes; there already.
  init(directory: String) throws {
    port = try FreePort.tcp()
    clientPort = port
    self.directory = directory
    let lines = ["listener \(port) 127.0.0.1", "allow_anonymous true"] + (getuid() == 0 ? ["user root"] : [])
    configuration = try Programs.write(
      lines.joined(separator: "\n") + "\n", to: "\(directory)/mosquitto-\(port).conf")
  }

  func start() throws {
    starts += 1
    let running = try RunningProgram(
      "mosquitto", [try Programs.find("mosquitto"), "-c", configuration],
      journal: "\(directory)/mosquitto-\(port)-\(starts)")
    try running.waitUntilListening(port: port)
    self.running = running
  }

  func kill() { running = nil }

  /// - Parameter place: the topic of the batches.
  func target(_ place: String) -> String {
    "mqtt: { host: \"127.0.0.1\", port: \(clientPort), format: \"batches\", batchTopic: \"\(place)\", requireSubscribers: false }"
  }
}
