import Bytes
import Platform
import Storage
import Wire

// From the socket to whole packets.
extension MQTTListener {
  /// The poller has something for a connection.
  func handle(_ id: ConnectionID, isReadable: Bool, isWritable: Bool, _ context: inout LoopContext) {
    guard let connection = connections[id] else { return }
    if isWritable { markDirty(connection) }
    // What is not read now is reported again in the next turn.
    guard isReadable, context.mayRead else { return }
    if connection.isWaiting || connection.uncheckedConnect != nil { return receiveHeld(connection, &context) }
    receive(connection, &context)
  }

  /// Reads once and handles every packet that is whole.
  private func receive(_ connection: MQTTConnection, _ context: inout LoopContext) {
    if holdsBeforeRest(of: connection, context.isRefusing) { return }
    let isLongPacket = connection.awaitedBytes > receiveBuffer.capacity - Self.receiveBytes
    let result = isLongPacket ? readLongPacket(connection) : readIntoSharedBuffer(connection, context.isRefusing)
    switch result {
    case .moved: break
    case .wouldBlock: return
    case .endOfStream: return close(connection, .closedByPeer, &context)
    case .failed(let code): return close(connection, .lost(SystemError("read", errno: code)), &context)
    }
    guard connection.isClosing == nil else { return }
    if isLongPacket {
      guard connection.input.count == connection.awaitedBytes else { return checkPartial(connection, &context) }
      let used = handlePackets(of: connection, connection.input.bytes, &context)
      guard !connection.isClosed else { return }
      keepRest(of: connection, from: used)
    } else {
      let used = handlePackets(of: connection, receiveBuffer.bytes, &context)
      guard !connection.isClosed else { return }
      keepRestOfSharedBuffer(connection, from: used)
    }
    if connection.isWaiting { answerPings(of: connection) }
    checkPartial(connection, &context)
  }

  /// Closes a connection that has sent a part of a packet when there are too many of them.
  private func checkPartial(_ connection: MQTTConnection, _ context: inout LoopContext) {
    guard partialBytes > configuration.maxPartialBytes, !connection.input.isEmpty else { return }
    close(connection, .tooManyPartialPackets, &context)
  }

  /// Reads behind the front of the packet that came before, both in the shared buffer.
  private func readIntoSharedBuffer(_ connection: MQTTConnection, _ isRefusing: Bool) -> IOResult {
    receiveBuffer.removeAll()
    if !connection.input.isEmpty { receiveBuffer.append(connection.input.bytes) }
    return read(connection, into: &receiveBuffer, upTo: isRefusing ? Self.heldBytes : Self.receiveBytes)
  }

  /// Reads the rest of one packet that the shared buffer is too small for, and nothing behind it, to its front.
  private func readLongPacket(_ connection: MQTTConnection) -> IOResult {
    let missing = min(connection.awaitedBytes - connection.input.count, 4 * Self.receiveBytes)
    let result = read(connection, into: &connection.input, upTo: missing)
    if case .moved(let count) = result { notePartial(count) }
    return result
  }

  func read(_ connection: MQTTConnection, into buffer: inout ByteWriter, upTo limit: Int) -> IOResult {
    var result = IOResult.wouldBlock
    _ = buffer.append(upTo: limit) { room in
      result = connection.socket.read(into: room)
      if case .moved(let count) = result { return count }
      return 0
    }
    return result
  }

  private func keepRestOfSharedBuffer(_ connection: MQTTConnection, from used: Int) {
    let rest = receiveBuffer.count - used
    notePartial(rest - connection.input.count)
    connection.input.removeAll()
    guard rest > 0 else { return }
    receiveBuffer.withBytes { connection.input.append($0.extracting(used..<$0.byteCount)) }
  }

  func keepRest(of connection: MQTTConnection, from used: Int) {
    notePartial(-used)
    connection.input.removeFirst(used)
  }

  /// Handles the whole packets at the front of `bytes`.
  /// - Returns: how many bytes they took.
  func handlePackets(of connection: MQTTConnection, _ bytes: RawSpan, _ context: inout LoopContext) -> Int {
    var used = 0
    do throws(MQTTViolation) {
      while connection.isHandled {
        connection.awaitedBytes = 0
        let rest = bytes.extracting(used..<bytes.byteCount)
        let limit =
          connection.session.isConnected
          ? configuration.maxPacketBytes : min(configuration.maxPacketBytes, Self.maxConnectBytes)
        guard let header = try MQTTFixedHeader.parse(rest, limit: limit) else { break }
        if context.isRefusing, connection.session.isConnected, connection.session.mustWait(header) {
          hold(connection)
          break
        }
        guard rest.byteCount >= header.packetBytes else {
          connection.awaitedBytes = header.packetBytes
          break
        }
        try handle(header, rest.extracting(header.headerBytes..<header.packetBytes), of: connection, &context)
        // The packet is for the thread that it goes to.
        if connection.isMoving { break }
        used += header.packetBytes
      }
    } catch {
      close(connection, .violation(error), &context)
    }
    if used > 0 { connection.touch(context.now) }
    return used
  }
}

extension ByteWriter {
  /// Lends the bytes to `body`: for holders that cannot lend a property's bytes.
  fileprivate borrowing func withBytes(_ body: (RawSpan) -> Void) {
    body(bytes)
  }
}
