import Bytes
import Platform
import Records
import Storage
import Wire

/// What the MQTT server keeps for its clients: sessions, retained messages, and the places of shared subscriptions.
///
/// It is all in the log: what changes it is a record. The state file holds it as of one offset, so that the log may forget
/// what is older; what follows that offset is read again at the start.
struct ListenerState {
  var sessions: [[UInt8]: StoredSession] = [:]
  var retained: RetainedMessages
  var groups: [SharedGroup.Key: Offset] = [:]

  init(_ configuration: MQTTListenerConfiguration) {
    retained = RetainedMessages(maxCount: configuration.maxRetained, maxBytes: configuration.maxRetainedBytes)
  }

  /// Reads the state file, and what the log has behind it.
  static func recover(_ configuration: MQTTListenerConfiguration, _ log: Log) -> ListenerState {
    var state = ListenerState(configuration)
    guard let directory = configuration.stateDirectory else { return state }
    var start = log.startOffset
    switch StateFile.read(directory, epoch: log.epoch, configuration) {
    case .missing: break
    case .found(let found, let offset):
      state = found
      if offset < log.startOffset {
        Journal.warning("mqtt: the log dropped records before they were noted in \(directory): sessions may be older")
      }
      start = min(max(offset, log.startOffset), log.durableEnd)
    }
    state.replay(log, from: start)
    return state
  }

  private mutating func replay(_ log: Log, from start: Offset) {
    var reader = log.makeReader(at: start)
    do throws(StorageError) {
      while let record = try reader.next() { apply(record) }
    } catch {
      Journal.error("mqtt: sessions and retained messages are as of record \(reader.position): \(error)")
    }
    for clientID in sessions.keys {
      guard let next = sessions[clientID]?.next else { continue }
      sessions[clientID]?.next = min(next, log.durableEnd)
    }
  }

  /// What of it one ingress thread goes on with.
  struct Part {
    var sessions: [StoredSession] = []
    var groups: [SharedGroup.Key: Offset] = [:]
  }

  /// Gives each thread its clients, and the first one all members of shared subscriptions. Nothing but the retained messages is
  /// left.
  mutating func takeParts(_ homes: ClientHomes) -> [Part] {
    var parts = Array(repeating: Part(), count: homes.threads)
    for (clientID, session) in sessions {
      if session.state.subscriptions.contains(where: { $0.group != nil }) { homes.addGuest(clientID) }
      parts[homes.thread(of: clientID)].sessions.append(session)
    }
    parts[0].groups = groups
    sessions = [:]
    groups = [:]
    return parts
  }

  /// What a record of the log changes. Applying records again that were applied before ends in the same state.
  mutating func apply(_ record: borrowing Record) {
    guard !record.topic.starts(with: SessionRecord.prefix) else { return applyOwn(record) }
    guard record.headerCount > 1 else { return }
    if record.headerValue("retain") != nil { _ = retained.apply(record.copy) }
    guard let packetID = record.header(RecordHeaderKey.packetID).flatMap({ UInt16($0) }),
      let clientID = MessageOrigin(record).clientID?.array
    else { return }
    sessions[clientID]?.state.note(inbound: [packetID])
  }

  private mutating func applyOwn(_ record: borrowing Record) {
    guard var reader = SessionRecord.open(record.payload) else { return }
    switch record.topic.text {
    case SessionRecord.session:
      guard var session = StoredSession(&reader) else { return }
      // What is in flight from the client is told by its messages and releases, whatever was known when this was written.
      session.state.note(inbound: sessions[session.clientID]?.state.inbound ?? [])
      sessions[session.clientID] = session
    case SessionRecord.end:
      guard let clientID = reader.block() else { return }
      sessions[clientID] = nil
    case SessionRecord.release:
      guard let clientID = reader.block(), let packetID = reader.uint16() else { return }
      sessions[clientID]?.state.inbound.removeAll { $0 == packetID }
    case SessionRecord.groups:
      if let found = Self.readGroups(&reader) { groups = found }
    default: break
    }
  }

  static func readGroups(_ reader: inout ByteReader) -> [SharedGroup.Key: Offset]? {
    guard let count = reader.uint32() else { return nil }
    var groups: [SharedGroup.Key: Offset] = [:]
    for _ in 0..<count {
      guard let group = reader.block(), let filter = reader.block(), let next = reader.int64(),
        let parsed = try? TopicFilter(filter.span.bytes)
      else { return nil }
      groups[SharedGroup.Key(group: group, filter: parsed)] = next
    }
    return groups
  }

  static func append(_ groups: [SharedGroup.Key: Offset], to writer: inout ByteWriter) {
    writer.append(UInt32(groups.count))
    for (key, next) in groups {
      writer.append(block: key.group)
      writer.append(block: key.filter.bytes)
      writer.append(next)
    }
  }
}

extension MQTTSessionState {
  fileprivate mutating func note(inbound packetIDs: [UInt16]) {
    for packetID in packetIDs where !inbound.contains(packetID) { inbound.append(packetID) }
  }
}
