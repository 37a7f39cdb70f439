package import Platform
import Records

/// Repairs a log that no daemon holds: everything that a check finds and that can be mended is.
///
/// - Damaged bytes are kept in the quarantine before they go; intact batches stay as they are.
/// - Offsets whose records are lost stay lost: batches without records hold their place, and gap records say so.
/// - Each segment is replaced in one step, after the gap records are on disk: a power cut leaves the old or the new one.
/// - A batch with a right checksum is never touched, whatever is in it.
/// - The newest segment, the epoch and what was left half made are repaired by what every start does.
///
/// Holds the data directory's lock meanwhile. One owner, one thread.
package struct LogRepair {
  let directory: LogDirectory
  let disk: any Disk
  let time: any TimeSource
  var totals = Totals()

  /// What a repair came to.
  package struct Totals: Hashable, Sendable {
    /// Things that were repaired, or would be.
    package var repaired = 0
    /// Damage that stays.
    package var left = 0
    /// Records that are lost for good.
    package var lostRecords = 0
    /// Bytes that were put into the quarantine.
    package var quarantinedBytes = 0
  }

  /// One thing done, or left.
  package struct Step: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable {
      case repaired
      /// In a dry run.
      case wouldRepair
      case left
    }

    package let kind: Kind
    /// The file, from the data directory on; nil where `text` names it.
    package let file: String?
    package let text: String
  }

  /// - Parameter path: the data directory.
  package init(directory path: String, disk: any Disk = LocalDisk(), time: any TimeSource = SystemTime()) {
    directory = LogDirectory(path)
    self.disk = disk
    self.time = time
  }

  package var quarantine: String { directory.quarantine }

  /// What a repair would do; changes nothing and takes no lock.
  /// - Parameters:
  ///   - did: called with each step.
  ///   - progress: called with how many of how many bytes have been gone over.
  package mutating func dryRun(
    did: (Step) -> Void, progress: (Int, Int) -> Void = { _, _ in }
  ) throws(StorageError) -> Totals {
    var verification = try LogVerification(directory: directory.path, disk: disk, time: time)
    let total = verification.totalBytes
    var totals = Totals()
    _ = try verification.run(
      found: { finding in
        if let step = Self.wouldDo(finding) {
          totals.count(step)
          did(step)
        }
      }, progress: { progress($0, total) })
    return totals
  }

  static func wouldDo(_ finding: LogFinding) -> Step? {
    let place = finding.bytes.map { " at byte \($0.lowerBound)" } ?? ""
    let problem = "\(finding.problem)\(place)"
    switch finding.treatment {
    case .mend:
      let lost = finding.offsets.map { ", \($0.count) records are lost" } ?? ""
      return Step(kind: .wouldRepair, file: finding.file, text: "\(problem)\(lost); the bytes would go to quarantine/")
    case .recover:
      return Step(kind: .wouldRepair, file: finding.file, text: "\(problem); what every start does would be done")
    case .remove:
      return Step(kind: .wouldRepair, file: finding.file, text: "\(problem); it would be removed, and is made anew")
    case .moveCursor:
      return Step(kind: .wouldRepair, file: finding.file, text: "\(problem); it would be moved into the log")
    case .none:
      guard finding.kind == .damage else { return nil }
      return Step(kind: .left, file: finding.file, text: "\(problem): \(finding.remedy)")
    }
  }

  /// Repairs the log.
  /// - Parameters:
  ///   - did: called with each step.
  ///   - progress: called with how many of how many bytes have been gone over.
  package mutating func run(
    did: (Step) -> Void, progress: (Int, Int) -> Void = { _, _ in }
  ) throws(StorageError) -> Totals {
    totals = Totals()
    let plan = try makePlan(did, progress)
    guard !plan.isEmpty else { return totals }
    do throws(SystemError) { try keepDamagedEpoch() } catch { throw .disk(error) }
    let log = try openLog()
    defer { log.close() }
    for line in log.recoveryReport { note(Step(kind: .repaired, file: nil, text: line), did) }
    totals.lostRecords += plan.lostAtStart
    totals.quarantinedBytes += plan.damagedAtStart
    for (kind, base) in plan.sideFiles { try remove(kind, base, did) }
    for name in plan.cursors { try move(name, log, did) }
    for base in plan.segments { try mend(base, log, did) }
    return totals
  }

  mutating func note(_ step: Step, _ did: (Step) -> Void) {
    totals.count(step)
    did(step)
  }
}

extension LogRepair.Totals {
  mutating func count(_ step: LogRepair.Step) {
    if step.kind == .left { left += 1 } else { repaired += 1 }
  }
}
