/// The far side of an uplink, driven by the uplink's loop on its thread. Conformers: `MQTTTarget`, `KafkaTarget`, `RabbitMQTarget`,
/// and the tests' scripted far side.
///
/// The loop connects, hands over shipments in the log's order, lets the target work until it says what became of them, and
/// after any failure disconnects and starts again from the beginning of the first that is not confirmed.
package protocol UplinkTarget: AnyObject {
  /// The socket to poll, or −1.
  var descriptor: CInt { get }
  var wantsWrite: Bool { get }
  /// How many shipments may be on their way at a time, at least one.
  var window: Int { get }
  /// Whether a shipment of that lane may be a batch as the log has it, compressed, not to be looked into.
  func takesStoredBatches(in lane: Lane) -> Bool

  /// Begins to connect; `.ready` follows when shipments can be sent.
  func connect() throws(TargetFailure)
  /// Drops the connection and whatever was on its way.
  func disconnect()
  /// What the far side recognises the shipment by when it comes again, besides its records: noted with it before `send`. Asked
  /// while connected.
  /// - Parameters:
  ///   - noted: what was answered for this shipment before; nil: never asked.
  ///   - ahead: the identities of the shipments before it that are not confirmed, in order.
  /// - Returns: at most `ShipmentNote.maximumIdentityBytes`; nil: not yet, ask again when something has moved.
  func identify(
    _ contents: borrowing ShipmentContents, noted: [UInt8]?, behind ahead: [[UInt8]]
  ) throws(TargetFailure) -> [UInt8]?
  /// Begins to send, behind those that are on their way; the next `confirmed` follows when the far side has all of it.
  func send(_ contents: borrowing ShipmentContents, as identity: [UInt8]) throws(TargetFailure)
  /// Moves what can be moved; called at least once a second.
  func work(isReadable: Bool) throws(TargetFailure) -> TargetProgress
}

extension UplinkTarget {
  package func takesStoredBatches(in lane: Lane) -> Bool { false }

  /// Nothing: the records say themselves who they are.
  package func identify(
    _ contents: borrowing ShipmentContents, noted: [UInt8]?, behind ahead: [[UInt8]]
  ) throws(TargetFailure) -> [UInt8]? { [] }
}

/// What `work` came to.
package struct TargetProgress: Hashable, Sendable {
  /// Shipments can be sent.
  package var isReady = false
  /// So many of the shipments on their way are at the far side, the first ones, down to the last record that it takes.
  package var confirmed = 0
  /// Something has moved since the last call.
  package var hasMoved = false
  /// Bytes handed to the protocol since the last call.
  package var sentBytes = 0
  /// Records of the first shipment on its way, before those of this call are confirmed, that the far side will never take.
  package var refused: [RefusedRecord] = []
  /// Why the far side has not yet taken what it was sent, in words; not an end of the connection.
  package var hesitation: String?

  package init() {}
}

/// A record the far side refuses for good, by its place in the shipment's records.
package struct RefusedRecord: Hashable, Sendable {
  package let index: Int
  package let reason: String

  package init(index: Int, reason: String) {
    self.index = index
    self.reason = reason
  }
}

/// The connection is lost or of no use: in words, with what to do where that is known.
package struct TargetFailure: Error, Hashable, Sendable, CustomStringConvertible {
  package let description: String

  package init(_ description: String) {
    self.description = description
  }
}
