import Bytes
import Glibc
import Ingress
import Platform
import Records
import Storage
import Support

/// A log of its own and an ingress on loopback, for one test.
final class Station {
  let disk = GatedDisk(LocalDisk())
  private let directory: TemporaryDirectory
  let time: any TimeSource
  let log: Log
  let ingress: Ingress

  /// How many ingress threads: what is true of one is true of several.
  static let threads = [1, 3]

  /// - Parameters:
  ///   - refusedBytes: the log drops nothing, and refuses at this; nil: it does not.
  ///   - maxLogBytes: the log drops its oldest records at this; nil: it is large.
  init(
    threads: Int = 1, time: any TimeSource = SystemTime(), commitBufferBytes: Int = 16 << 20,
    udp: [UDPListenerConfiguration] = [],
    refusesPastLogBytes refusedBytes: Int? = nil, maxLogBytes: Int? = nil,
    in directory: TemporaryDirectory = TemporaryDirectory(),
    _ change: (inout MQTTListenerConfiguration) -> Void = { _ in }
  ) throws {
    self.time = time
    self.directory = directory
    var logConfiguration = LogConfiguration(directory: directory.path)
    logConfiguration.segmentBytes = 4 << 20
    logConfiguration.commitBufferBytes = commitBufferBytes
    if let bytes = refusedBytes ?? maxLogBytes {
      logConfiguration.maxBytes = bytes
      logConfiguration.segmentBytes = bytes / 4
      logConfiguration.whenFull = refusedBytes == nil ? .dropOldest : .refuse
      logConfiguration.keepFree = .bytes(0)
    }
    // A full log would make room for itself.
    logConfiguration.sealsInBackground = false
    log = try Log.open(logConfiguration, disk: disk, time: time)
    var mqtt = MQTTListenerConfiguration()
    mqtt.listen = ["127.0.0.1:0", "[::1]:0"]
    mqtt.maxPacketBytes = MQTTCase.maxPacketBytes
    mqtt.stateDirectory = directory.path + "/mqtt"
    mqtt.threads = threads
    change(&mqtt)
    ingress = try Ingress.start(IngressConfiguration(mqtt: mqtt, udp: udp), log: log, time: time)
  }

  deinit {
    disk.open()
    ingress.stop()
    log.close()
  }

  var address: String { ingress.mqttAddresses[0] }

  /// What a power cut would leave behind now.
  func imageOfNow() throws -> TemporaryDirectory {
    let image = TemporaryDirectory()
    let copy = try TestProcess("cp", ["-r", directory.path + "/.", image.path], in: TemporaryDirectory())
    guard try copy.wait() == 0 else { throw TestFailure(copy.errors) }
    return image
  }

  func connect(_ clientID: String, receiveBufferBytes: Int32 = 0) throws -> ScriptedClient {
    try ScriptedClient.connected(address, clientID, receiveBufferBytes: receiveBufferBytes)
  }

  /// Waits until `condition` holds for the status, which follows the sockets by part of a turn.
  func waitForStatus(_ condition: (IngressStatus) -> Bool) throws {
    for _ in 0..<20_000 {
      if condition(ingress.status) { return }
      usleep(500)
    }
    throw ScriptedClient.Unexpected(description: "the status stays at \(ingress.status)")
  }

  /// Every durable record: `topic=payload`, and its headers.
  func records() throws -> [Stored] {
    var stored: [Stored] = []
    var reader = log.makeReader(at: 0)
    while true {
      guard let record = try reader.next() else { return stored }
      // How sessions stand is for other tests.
      if record.topic.starts(with: "$forebay/mqtt/") { continue }
      stored.append(
        Stored(
          text: "\(record.topic.text)=\(record.payload.text)", source: record.header(RecordHeaderKey.source),
          isRetained: record.header(RecordHeaderKey.retain) == "1"))
    }
  }

  struct Stored: Hashable {
    let text: String
    let source: String?
    let isRetained: Bool
  }

  /// Waits, with the log's wake-ups, until there are so many durable records.
  func waitForRecords(_ count: Int) throws {
    let wakeUp = try WakeUp()
    log.follow(wakeUp)
    defer { log.unfollow(wakeUp) }
    while log.durableEnd < Offset(count) {
      guard wakeUp.wait(milliseconds: 10_000) else {
        throw ScriptedClient.Unexpected(description: "\(log.durableEnd) records instead of \(count)")
      }
    }
  }
}
