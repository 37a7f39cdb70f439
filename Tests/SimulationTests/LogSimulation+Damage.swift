import Platform
import Records
import Storage
import Support

// Bits that flip on the disk while nobody looks, and files that are lost.
extension LogSimulation {
  struct Damage {
    let path: String
    /// The records of the batch that the bit is in.
    var offsets: Range<Offset>?
  }

  /// Flips a bit of some file between two starts. It costs at most the batch it is in, and the log says so.
  func flipBit() throws {
    letGo()
    disk.endProcess()
    let paths = disk.paths.filter { $0.hasPrefix("/data/log/") || $0.hasPrefix("/data/cursors/") }
    let path = paths[random.below(paths.count)]
    guard let contents = disk.contents(path), !contents.isEmpty else { return try open() }
    let bit = random.below(contents.count * 8)
    var damage = Damage(path: path)
    if path.hasSuffix(".log") { damage.offsets = touch(contents, path, byte: bit / 8) }
    note("bit \(bit % 8) of byte \(bit / 8) of \(path) flips, in \(damage.offsets.map { "\($0)" } ?? "no record")")
    disk.flip(bit: bit, of: path)
    try restart(damage: damage)
    // On a full disk it may have to wait.
    if let offsets = damage.offsets, plan.capacity == nil { try checkNoted(offsets) }
  }

  /// Tells the model which records a damaged byte of a segment may cost.
  private func touch(_ contents: [UInt8], _ path: String, byte: Int) -> Range<Offset>? {
    let batches = BatchMap(contents).batches
    guard let batch = batches.first(where: { $0.bytes.contains(byte) }) else { return nil }
    model.damage(batch.offsets)
    // The newest batch with a bit wrong looks like one that a power cut tore.
    if batch == batches.last, path == disk.paths.last(where: { $0.hasSuffix(".log") }) {
      model.forget(from: batch.offsets.lowerBound)
    }
    return batch.offsets
  }

  /// Has everything read and mended, and looks for the record that says what is missing.
  private func checkNoted(_ offsets: Range<Offset>) throws {
    var steps = 0
    while log!.sealStep(), steps < 200 {
      _ = log!.commitStep()
      steps += 1
    }
    let contents = try LogContents(log!)
    let isMissing = offsets.contains { offset in !contents.records.contains { $0.offset == offset } }
    guard isMissing, offsets.lowerBound >= log!.startOffset, !log!.isRefusing, log!.failure == nil else { return }
    guard contents.gaps.contains(where: { $0.contains(#""damage""#) || $0.contains(#""torn-tail""#) }) else {
      throw BrokenPromise("\(offsets) are damaged, and no gap record says so")
    }
  }

  /// What lies beside the segments can be made anew.
  func loseSideFiles() {
    for path in disk.paths where path.hasPrefix("/data/log/") && !path.hasSuffix(".log") { disk.lose(path) }
  }
}
