import Bytes
import Records
import Support
import Uplink

/// A far side whose moods a seed decides: it refuses connections, loses them, confirms late or never, and remembers
/// everything it was sent. One for the whole life of a gateway, across its crashes.
final class FarSide {
  var random: SeededGenerator
  /// Every shipment that arrived whole, in order of arrival: its first offset and its record bytes.
  private(set) var arrived: [(first: Offset, bytes: [UInt8])] = []
  /// Offset and payload of every record that arrived, repetitions included.
  private(set) var records: [(offset: Offset, payload: String)] = []
  /// 0: everything works at once.
  var trouble = 4

  init(seed: UInt64) {
    random = SeededGenerator(seed: seed)
  }

  var isInTrouble: Bool { trouble > 0 && random.oneIn(trouble) }

  func take(_ contents: borrowing ShipmentContents) {
    arrived.append((contents.shipment!.first, contents.recordBytes.array))
    var iterator = RecordIterator(contents.header, records: contents.recordBytes)
    while let record = iterator.next() { records.append((record.offset, record.payload.text)) }
  }
}

/// One gateway's connection to the far side.
final class ScriptedTarget: UplinkTarget {
  private let farSide: FarSide
  private var isConnected = false
  private var isConfirmationDue = false
  let descriptor: Int32 = -1
  let wantsWrite = false

  init(_ farSide: FarSide) {
    self.farSide = farSide
  }

  func connect() throws(TargetFailure) {
    if farSide.isInTrouble { throw TargetFailure("refused") }
    isConnected = true
  }

  func disconnect() {
    isConnected = false
    isConfirmationDue = false
  }

  func send(_ contents: borrowing ShipmentContents) throws(TargetFailure) {
    guard isConnected else { throw TargetFailure("sent without a connection") }
    // Lost on the way: the far side has nothing of it.
    if farSide.isInTrouble { throw TargetFailure("lost while sending") }
    farSide.take(contents)
    isConfirmationDue = true
  }

  func work(isReadable: Bool) throws(TargetFailure) -> TargetProgress {
    var progress = TargetProgress()
    // The far side has the shipment, and its confirmation is lost.
    if farSide.isInTrouble { throw TargetFailure("lost before the confirmation") }
    progress.isReady = isConnected
    if isConfirmationDue, !farSide.isInTrouble {
      isConfirmationDue = false
      progress.isConfirmed = true
    }
    return progress
  }
}
