/// One entry of `routes`: which records go to which handler.
package struct RouteConfiguration: Hashable, Sendable {
  /// Letters, digits, `-`, `_` and `.`; names the cursor and the dead letters.
  package var name: String
  /// Topic filters; a record that passes any of them is delivered once.
  package var topics: [String]
  package var handler: HandlerConfiguration
  package var retry = RetryPolicy()

  package init(name: String, topics: [String], handler: HandlerConfiguration) {
    self.name = name
    self.topics = topics
    self.handler = handler
  }
}

/// What a route delivers to.
package enum HandlerConfiguration: Hashable, Sendable {
  case exec(ExecConfiguration)
  case file(FileConfiguration)
}

/// A child process that gets NDJSON on its standard input and answers each record with one line.
package struct ExecConfiguration: Hashable, Sendable {
  /// The program, found in PATH where it has no `/`, and its arguments. `exec`
  package var command: [String]
  /// The child is killed when it has not answered any record for so long. `timeout`
  package var timeoutMilliseconds = 30_000

  package init(command: [String]) {
    self.command = command
  }
}

/// A file that gets a line a record.
package struct FileConfiguration: Hashable, Sendable {
  package enum Format: String, Hashable, Sendable, CaseIterable {
    case ndjson
    case csv
  }

  /// Its directory must exist. `file.path`
  package var path: String
  /// `file.format`
  package var format = Format.ndjson
  /// The file is set aside as `path.1` before it would grow past this. `file.maxBytes`
  package var maxBytes = 64 << 20
  /// How many files set aside are kept. `file.keep`
  package var keep = 8

  package init(path: String) {
    self.path = path
  }
}
