import Bytes
import Platform
import Records
import Storage

/// The state file, `mqtt/state` in the data directory: a `ListenerState` as of one offset of the log. All big-endian:
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 4 | magic `FBms` |
/// | 4 | 2 | version, 1 |
/// | 6 | 2 | zero |
/// | 8 | 8 | the log's epoch |
/// | 16 | 8 | offset: what the log has from there on is applied behind it |
/// | 24 | | uint32 count of sessions, and they (`StoredSession`) |
/// | | | uint32 count of retained messages; each: block topic, block payload, uint32 headers, block headers, int64 time, int64 offset |
/// | | | the places of shared subscriptions (`SessionRecord`) |
/// | n − 4 | 4 | CRC-32C over everything before |
///
/// Written under another name, synced, renamed: there is always a whole one. A damaged one is kept aside, and the log is
/// read from its start instead.
enum StateFile {
  private static let magic: UInt32 = 0x4642_6D73
  private static let version: UInt16 = 1
  private static let name = "/state"

  enum Found {
    case missing
    case found(ListenerState, Offset)
  }

  static func encode(_ state: ListenerState, epoch: LogEpoch, offset: Offset) -> [UInt8] {
    var writer = ByteWriter(capacity: 64 << 10)
    writer.append(magic)
    writer.append(version)
    writer.append(UInt16(0))
    writer.append(epoch.value)
    writer.append(offset)
    writer.append(UInt32(state.sessions.count))
    for session in state.sessions.values { session.append(to: &writer) }
    writer.append(UInt32(state.retained.count))
    for message in state.retained.all {
      writer.append(block: message.topic)
      writer.append(block: message.payload)
      writer.append(UInt32(message.headerCount))
      writer.append(block: message.headerBytes)
      writer.append(message.timestamp.milliseconds)
      writer.append(message.offset)
    }
    ListenerState.append(state.groups, to: &writer)
    writer.append(CRC32C.checksum(of: writer.bytes))
    return writer.array
  }

  static func write(_ bytes: [UInt8], _ directory: String, _ disk: any Disk = LocalDisk()) throws(SystemError) {
    try disk.createDirectory(directory)
    let temporary = directory + name + ".new"
    if try disk.list(directory).contains("state.new") { try disk.remove(temporary) }
    let file = try disk.open(temporary, .create)
    try file.write(bytes.span.bytes, at: 0)
    try file.sync()
    try disk.rename(temporary, to: directory + name)
    try disk.syncDirectory(directory)
  }

  static func read(
    _ directory: String, epoch: LogEpoch, _ configuration: MQTTListenerConfiguration, _ disk: any Disk = LocalDisk()
  ) -> Found {
    do throws(SystemError) {
      guard try disk.list(directory).contains("state") else { return .missing }
      let file = try disk.open(directory + name, .read)
      var bytes = ByteWriter(capacity: try file.size())
      _ = try bytes.append(upTo: try file.size()) { room throws(SystemError) in try file.read(into: room, at: 0) }
      if let (state, offset) = decode(bytes.bytes, epoch, configuration) { return .found(state, offset) }
      try disk.rename(directory + name, to: directory + name + ".damaged")
      try disk.syncDirectory(directory)
      Journal.warning(
        "mqtt: \(directory)/state is damaged or another log's; it is kept as state.damaged, and sessions are read from the log"
      )
    } catch {
      Journal.warning("mqtt: \(directory)/state: \(error); sessions are read from the log")
    }
    return .missing
  }

  static func decode(
    _ bytes: RawSpan, _ epoch: LogEpoch, _ configuration: MQTTListenerConfiguration
  ) -> (ListenerState, Offset)? {
    guard bytes.byteCount > 28 else { return nil }
    let body = bytes.extracting(0..<(bytes.byteCount - 4))
    var trailer = ByteReader(bytes.extracting((bytes.byteCount - 4)..<bytes.byteCount))
    guard trailer.uint32() == CRC32C.checksum(of: body) else { return nil }
    var reader = ByteReader(body)
    guard reader.uint32() == magic, reader.uint16() == version, reader.uint16() != nil,
      reader.int64() == epoch.value, let offset = reader.int64(), offset >= 0, let sessions = reader.uint32()
    else { return nil }
    var state = ListenerState(configuration)
    for _ in 0..<sessions {
      guard let session = StoredSession(&reader) else { return nil }
      state.sessions[session.clientID] = session
    }
    guard let retained = reader.uint32() else { return nil }
    for _ in 0..<retained {
      guard let topic = reader.block(), let payload = reader.block(), let headerCount = reader.uint32(),
        let headers = reader.block(), let time = reader.int64(), let offset = reader.int64()
      else { return nil }
      _ = state.retained.apply(
        OwnedRecord(
          offset: offset, timestamp: Timestamp(milliseconds: time), topic: topic, payload: payload,
          headerCount: Int(headerCount), headerBytes: headers))
    }
    guard let groups = ListenerState.readGroups(&reader) else { return nil }
    state.groups = groups
    return (state, offset)
  }
}
