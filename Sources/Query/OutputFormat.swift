/// How records are shown.
package enum OutputFormat: String, Hashable, Sendable, CaseIterable {
  /// Aligned columns, for people; long payloads are cut to the width.
  case table
  /// One JSON object a line.
  case ndjson
  /// Rows with a header line, RFC 4180.
  case csv
}
