import Daemon
import Platform
import Records
import Storage

extension Command {
  static let logDump = Command(
    name: "log dump",
    summary: "shows the log's batches, and their records, as they are stored",
    details: [
      "For looking into the log itself; `forebay query` shows the messages. Reads also while the daemon runs. A line is a"
        + " batch: where in the segment it begins, its offsets, how many records it has, how they are compressed, its"
        + " bytes, its times, and whether its checksum is right. What is no intact batch is shown in its place.",
      "With --records the records follow, a payload as text, with what is no UTF-8 or not printable replaced, and cut at"
        + " 120 characters. In ndjson a batch is an object, and so is each of its records behind it.",
    ],
    positionals: [
      Positional(
        name: "SEGMENT",
        help: "an offset that the segment has, or the path of any file of batches, such as one in quarantine/"
          + " (default: the whole log)")
    ],
    options: [
      .data,
      Option(name: "--from", value: "OFFSET", help: "the first offset to show (default: the oldest)"),
      Option(name: "--to", value: "OFFSET", help: "the last offset to show (default: the newest)"),
      Option(
        name: "--limit", short: "-n", value: "N", help: "how many batches at the most, with --records how many records"),
      Option(name: "--records", help: "the records, too"),
      Option(name: "--format", short: "-f", value: "FORMAT", help: "text or ndjson (default: text)"),
    ],
    examples: [
      Example(line: "forebay log dump | tail", purpose: "how the newest records were committed"),
      Example(
        line: "forebay log dump --from 4711 --to 4720 --records", purpose: "ten records and the batches they are in"),
      Example(
        line: "forebay log dump /var/lib/forebay/quarantine/00000000000000000000.log.400",
        purpose: "what was taken out of the log"),
    ],
    run: { arguments in
      var dump = LogDump(try DumpSelection(arguments), try FindingPrinter.Format(arguments))
      return try dump.run(arguments.positionals.first)
    })
}

/// What of the log is to be shown.
private struct DumpSelection {
  let data: String
  let first: Offset
  let last: Offset
  let limit: Int
  let showsRecords: Bool

  init(_ arguments: Arguments) throws(CommandError) {
    data = arguments.dataDirectory
    first = Offset(try arguments.integer("--from") ?? 0)
    last = Offset(try arguments.integer("--to") ?? Int.max)
    guard first <= last else {
      throw .usage("--from \(first) is behind --to \(last); write the smaller offset as --from")
    }
    limit = try arguments.integer("--limit", in: 1...Int.max) ?? Int.max
    showsRecords = arguments.has("--records")
  }
}

/// One run of `forebay log dump`.
private struct LogDump: ~Copyable {
  private let selection: DumpSelection
  private var printer: BatchPrinter
  private var batchCheck = BatchCheck()

  init(_ selection: DumpSelection, _ format: FindingPrinter.Format) {
    self.selection = selection
    printer = BatchPrinter(format, countsRecords: selection.showsRecords)
  }

  mutating func run(_ segment: String?) throws -> ExitCode {
    if let segment, Offset(segment) == nil {
      try dumpFile(segment)
    } else {
      try dumpLog(segment.flatMap { Offset($0) })
    }
    printer.finish()
    return printer.count > 0 ? .success : .negative
  }

  /// - Parameter wanted: an offset of the one segment to show; nil: all.
  private mutating func dumpLog(_ wanted: Offset?) throws {
    let data = selection.data
    let log = try LogAccess.open { () throws(StorageError) in try StoredLog(directory: data) }
    let segments = log.segments
    for (index, segment) in segments.enumerated() where printer.count < selection.limit {
      let next = index + 1 < segments.count ? segments[index + 1].base : nil
      let offsets = segment.base..<(next ?? .max)
      guard wanted.map(offsets.contains) ?? true, offsets.upperBound > selection.first,
        segment.base <= selection.last
      else { continue }
      let name = SegmentName.fileName(base: segment.base)
      let file = try LocalDisk().open(LogDirectory(data).segments + "/" + name, .read)
      try dump(SegmentWalk(file, base: segment.base, limit: next, growth: next == nil ? SystemTime() : nil), name)
    }
  }

  /// Shows a file that need not be one of the log's.
  private mutating func dumpFile(_ path: String) throws {
    let file: any DiskFile
    do throws(SystemError) {
      file = try LocalDisk().open(path, .read)
    } catch {
      throw CommandError("\(error); name an offset, or a file of batches", .noInput)
    }
    let base = try SegmentWalk.baseOffset(of: file)
    try dump(SegmentWalk(file, base: base, limit: nil, growth: nil), String(path.split(separator: "/").last ?? ""))
  }

  private mutating func dump(_ walk: consuming SegmentWalk, _ name: String) throws {
    printer.begin(name)
    while printer.count < selection.limit {
      switch try walk.next() {
      case .batch(let header, let position):
        guard header.baseOffset <= selection.last else { return }
        guard header.endOffset > selection.first else { continue }
        printer.show(header, at: position, .right)
        if selection.showsRecords { showRecords(of: header, walk) }
      case .damage(let bytes, let problem, let header), .tail(let bytes, let problem, let header):
        printer.show(bytes, problem, header)
      case .newerVersion(let magic):
        return printer.show(line: "a newer version of Forebay wrote it, in format \(magic)")
      case .end: return
      }
    }
  }

  private mutating func showRecords(of header: RecordBatchHeader, _ walk: borrowing SegmentWalk) {
    Self.showRecords(of: header, walk, selection, &batchCheck, &printer)
  }

  private static func showRecords(
    of header: RecordBatchHeader, _ walk: borrowing SegmentWalk, _ selection: DumpSelection,
    _ batchCheck: inout BatchCheck, _ printer: inout BatchPrinter
  ) {
    let problem = batchCheck.problem(in: walk.batch(header), header) { record in
      guard record.offset >= selection.first, record.offset <= selection.last, printer.count < selection.limit else {
        return
      }
      printer.show(record)
    }
    if let problem { printer.show(line: "\(problem)") }
  }
}
