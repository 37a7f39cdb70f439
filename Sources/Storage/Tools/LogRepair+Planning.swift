import Platform
import Records

// Finding out what to do.
extension LogRepair {
  struct Plan {
    /// Closed segments to be written anew.
    var segments: [Offset] = []
    var sideFiles: [(kind: SegmentName.Kind, base: Offset)] = []
    /// Consumers' names.
    var cursors: [String] = []
    /// There is something that opening the log repairs, and what it takes out then.
    var needsStart = false
    var lostAtStart = 0
    var damagedAtStart = 0

    var isEmpty: Bool { segments.isEmpty && sideFiles.isEmpty && cursors.isEmpty && !needsStart }
  }

  /// Checks the log, holding the lock for that long.
  mutating func makePlan(
    _ did: (Step) -> Void, _ progress: (Int, Int) -> Void
  ) throws(StorageError) -> Plan {
    var verification = try LogVerification(directory: directory.path, disk: disk, time: time)
    let lock = try acquireLock()
    let total = verification.totalBytes
    var plan = Plan()
    var left: [Step] = []
    _ = try verification.run(
      found: { finding in
        Self.add(finding, to: &plan)
        if finding.treatment == .none, let step = Self.wouldDo(finding) { left.append(step) }
      }, progress: { progress($0, total) })
    for step in left { note(step, did) }
    withExtendedLifetime(lock) {}
    return plan
  }

  private static func add(_ finding: LogFinding, to plan: inout Plan) {
    let name = String(finding.file.split(separator: "/").last ?? "")
    switch finding.treatment {
    case .mend:
      if let base = SegmentName.base(of: name), plan.segments.last != base { plan.segments.append(base) }
    case .remove: if let file = SegmentName.parse(name) { plan.sideFiles.append(file) }
    case .moveCursor:
      plan.cursors.append(String(finding.file.dropFirst(CursorCheck.prefix.utf8.count)))
      plan.needsStart = true
    case .recover:
      plan.needsStart = true
      plan.lostAtStart += finding.offsets?.count ?? 0
      plan.damagedAtStart += finding.bytes?.count ?? 0
    case .none: break
    }
  }

  private func acquireLock() throws(StorageError) -> any AnyObject & Sendable {
    do throws(SystemError) {
      switch try disk.lock(directory.lock) {
      case .acquired(let lock): return lock
      case .heldBy(let process): throw SystemError("lock", "\(process)", errno: 0)
      }
    } catch {
      guard error.errno == 0 else { throw .disk(error) }
      throw .locked(directory: directory.path, process: Int(error.subject) ?? 0)
    }
  }

  /// Opens the log without threads, and so that nothing in it is retired.
  func openLog() throws(StorageError) -> Log {
    var configuration = LogConfiguration(directory: directory.path)
    configuration.maxBytes = Int.max / 4
    configuration.keepFree = .bytes(0)
    // Little room is reserved: nothing but gap records will be written.
    configuration.segmentBytes = 64 << 10
    return try Log.open(configuration, disk: disk, time: time, startsThreads: false)
  }
}
