package import Bytes
package import Records

/// Turns records into the bytes of an output format. One owner, one thread.
package struct RecordPrinter: ~Copyable {
  private let format: OutputFormat
  private var table: RecordTable
  private var hasHeader = false

  /// - Parameter width: of the terminal, in columns, for tables; nil where there is none.
  package init(_ format: OutputFormat, width: Int? = nil) {
    self.format = format
    table = RecordTable(width: width)
  }

  /// Appends what there is to print for `record`; a table's first rows are kept back until their width is known.
  package mutating func append(_ record: borrowing Record, to writer: inout ByteWriter) {
    switch format {
    case .table: table.append(record, to: &writer)
    case .ndjson:
      RecordJSON.append(record, to: &writer)
      writer.append(UInt8(ascii: "\n"))
    case .csv:
      appendHeader(to: &writer)
      RecordCSV.append(record, to: &writer)
      writer.append(UInt8(ascii: "\n"))
    }
  }

  /// Appends what was kept back: before waiting for more.
  package mutating func flush(to writer: inout ByteWriter) {
    table.flush(to: &writer)
  }

  /// Appends what was kept back, and what the format has even without a record. Nothing more is appended.
  package mutating func finish(to writer: inout ByteWriter) {
    table.flush(to: &writer)
    if format == .csv { appendHeader(to: &writer) }
  }

  private mutating func appendHeader(to writer: inout ByteWriter) {
    guard !hasHeader else { return }
    hasHeader = true
    writer.append(RecordCSV.header)
    writer.append(UInt8(ascii: "\n"))
  }
}
