import Daemon
import Platform
import Records
import Storage

extension Command {
  static let logVerify = Command(
    name: "log verify",
    summary: "reads every batch of the log and checks it",
    details: [
      "Reads the whole log from the disk, also while the daemon runs, and changes nothing. Checked are every batch's header and checksum,"
        + " the records inside, that no offset is missing or there twice, the files beside the segments, the cursors and"
        + " the epoch.",
      "Each line is something that was found: the file, the byte, the offsets, what is wrong, and what to do. `lost` are"
        + " records that were lost earlier and are noted as such, a `remark` is harmless. Exit code 1 says that there is"
        + " damage, 66 that there is no log to read.",
      "In ndjson each is an object with kind, file, byte, bytes, firstOffset, lastOffset, problem and remedy, as far as"
        + " they apply; the last line has kind \"summary\" and the totals.",
    ],
    options: [
      .data,
      Option(name: "--format", short: "-f", value: "FORMAT", help: "text or ndjson (default: text)"),
      Option(name: "--quiet", short: "-q", help: "damage alone: no progress, no remarks, no summary"),
    ],
    examples: [
      Example(line: "forebay log verify --data /var/lib/forebay", purpose: "checks the installed daemon's log"),
      Example(line: "forebay log verify --quiet || mail -s 'log damaged' ops < /dev/null", purpose: "from a timer"),
    ],
    run: { arguments in
      let format = try FindingPrinter.Format(arguments)
      var verification = try LogAccess.open { () throws(StorageError) in
        try LogVerification(directory: arguments.dataDirectory)
      }
      return try verify(&verification, format, isQuiet: arguments.has("--quiet"))
    })
}

private func verify(
  _ verification: inout LogVerification, _ format: FindingPrinter.Format, isQuiet: Bool
) throws -> ExitCode {
  var printer = FindingPrinter(format, progress: ProgressLine("log verify", isWanted: !isQuiet))
  let total = verification.totalBytes
  let totals = try verification.run(
    found: { finding in if finding.kind == .damage || !isQuiet { printer.show(finding) } },
    progress: { printer.progress.update($0, of: total) })
  if !isQuiet { printer.show(totals) }
  printer.finish()
  return totals.damaged == 0 ? .success : .negative
}
