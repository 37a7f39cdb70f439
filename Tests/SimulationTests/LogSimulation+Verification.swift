import Platform
import Storage
import Support

// What a check of the whole log says at the end of a life.
extension LogSimulation {
  /// Lets the last process do what is left to do, ends it in order, and checks every file it leaves.
  func verify() throws {
    disk.crash(afterOperation: nil)
    disk.inject([], seed: 0)
    disk.setCapacity(nil)
    time.advance(milliseconds: 60_000)
    var steps = 0
    repeat {
      _ = log!.commitStep()
      steps += 1
    } while log!.sealStep() && steps < 1000
    log!.close()
    letGo()
    disk.endProcess()
    var findings: [LogFinding] = []
    var verification = try LogVerification(directory: plan.configuration.directory, disk: disk, time: time)
    let totals = try verification.run(found: { findings.append($0) })
    note("verified: \(totals)")
    if let finding = findings.first(where: { !isExpected($0) }) {
      throw BrokenPromise("a check of the log finds \(finding.kind) in \(finding.file): \(finding.problem)")
    }
  }

  /// What a power cut has torn before it was acknowledged leaves its place; so does the torn slot of a cursor, and one may
  /// stand where retention has been; a flipped bit may be in what is made anew when it is needed.
  private func isExpected(_ finding: LogFinding) -> Bool {
    switch finding.kind {
    case .damage: false
    case .lost: true
    case .remark: plan.flipsBits || finding.file.hasPrefix("cursors/")
    }
  }
}
