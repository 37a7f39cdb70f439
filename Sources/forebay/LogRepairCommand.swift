import Daemon
import Platform
import Records
import Storage

extension Command {
  static let logRepair = Command(
    name: "log repair",
    summary: "cuts out what is damaged in a log that no daemon holds",
    details: [
      "Reads the whole log, as `forebay log verify` does, and repairs what is damaged: torn tails are cut, damaged bytes"
        + " taken out, side files that are not right removed, cursors moved into the log. Everything that is taken out is"
        + " kept in DIR/quarantine, in files named for the segment and the byte.",
      "Intact batches stay as they are. Offsets whose records are lost are never given again; gap records say in the log"
        + " what is missing. A power cut on the way does no harm: run it again.",
      "The daemon must be stopped. It repairs the newest segment at each start by itself, and older ones when it comes upon"
        + " damage in them: this does it now, and all of it. Exit code 1 says that damage stays, or in a dry run that"
        + " there is some, 75 that a daemon holds the log.",
    ],
    options: [
      .data,
      Option(name: "--dry-run", short: "-n", help: "only say what would be done; also beside a daemon"),
      Option(name: "--format", short: "-f", value: "FORMAT", help: "text or ndjson (default: text)"),
      Option(name: "--quiet", short: "-q", help: "no progress"),
    ],
    examples: [
      Example(line: "forebay log repair --dry-run", purpose: "what is damaged, and what would be done about it"),
      Example(
        line: "sudo systemctl stop forebay && sudo -u forebay forebay log repair --data /var/lib/forebay",
        purpose: "repairs the installed daemon's log"),
    ],
    run: { arguments in
      let run = LogRepairing(
        data: arguments.dataDirectory, isDryRun: arguments.has("--dry-run"), isQuiet: arguments.has("--quiet"),
        format: try FindingPrinter.Format(arguments))
      return try run.run()
    })
}

/// One run of `forebay log repair`.
private struct LogRepairing {
  let data: String
  let isDryRun: Bool
  let isQuiet: Bool
  let format: FindingPrinter.Format

  func run() throws -> ExitCode {
    var repair = LogRepair(directory: data)
    var printer = FindingPrinter(format, progress: ProgressLine("log repair", isWanted: !isQuiet))
    let totals = try LogAccess.open { () throws(StorageError) in
      let show = { (step: LogRepair.Step) in printer.show(line: line(step)) }
      let progress = { (done: Int, total: Int) in printer.progress.update(done, of: total) }
      return isDryRun
        ? try repair.dryRun(did: show, progress: progress) : try repair.run(did: show, progress: progress)
    }
    printer.show(line: summary(totals, repair.quarantine))
    guard !isDryRun, totals.repaired > 0 else {
      printer.finish()
      return totals.repaired == 0 && totals.left == 0 ? .success : .negative
    }
    return try checkAgain(&printer)
  }

  private func checkAgain(_ printer: inout FindingPrinter) throws -> ExitCode {
    let totals = try Self.check(data, &printer)
    printer.show(totals)
    printer.finish()
    return totals.damaged == 0 ? .success : .negative
  }

  private static func check(_ data: String, _ printer: inout FindingPrinter) throws -> LogTotals {
    var verification = try LogVerification(directory: data)
    let total = verification.totalBytes
    return try verification.run(
      found: { if $0.kind == .damage { printer.show($0) } }, progress: { printer.progress.update($0, of: total) })
  }

  private func line(_ step: LogRepair.Step) -> String {
    switch format {
    case .text:
      let prefix = step.kind == .left ? "stays as it is: " : ""
      return (step.file.map { "\($0): " } ?? "") + prefix + step.text
    case .ndjson:
      var object = JSONLine()
      object.add("kind", step.kind.rawValue)
      object.add("file", step.file)
      object.add("text", step.text)
      return object.text()
    }
  }

  private func summary(_ totals: LogRepair.Totals, _ quarantine: String) -> String {
    guard format == .text else {
      var object = JSONLine()
      object.add("kind", "repair")
      object.add("isDryRun", isDryRun)
      object.add("repaired", totals.repaired)
      object.add("left", totals.left)
      object.add("lostRecords", totals.lostRecords)
      object.add("quarantinedBytes", totals.quarantinedBytes)
      object.add("quarantine", quarantine)
      return object.text()
    }
    let left = totals.left > 0 ? "; \(totals.left) left as \(totals.left == 1 ? "it is" : "they are")" : ""
    if totals.repaired == 0 { return "nothing to repair" + left }
    let things = LogText.counted(totals.repaired, "thing")
    if isDryRun { return "\(things) would be repaired\(left); run it without --dry-run, with the daemon stopped" }
    var text = "\(things) repaired\(left)"
    if totals.lostRecords > 0 { text += "; \(LogText.counted(totals.lostRecords, "record")) lost" }
    return text + "; what was taken out is in \(quarantine)"
  }
}
