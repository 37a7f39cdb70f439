/// One thing that can be measured, or prepared for measuring.
struct Command: Sendable {
  let name: String
  /// One line for the list of commands.
  let summary: String
  /// What is measured and how; paragraphs for `--help`.
  let details: [String]
  /// What `--only` can choose from; empty: the command is done as a whole.
  var parts: [String] = []
  /// - Returns: whether every target was met.
  let run: @Sendable (Options) throws -> Bool
}
