/// Why a text is not JSON5: where, what was found, and what to write.
package struct JSON5Error: Error, Hashable, Sendable, CustomStringConvertible {
  package let position: JSON5Position
  package let message: String

  package init(at position: JSON5Position, _ message: String) {
    self.position = position
    self.message = message
  }

  package var description: String { "\(position.line):\(position.column): \(message)" }
}

/// What a text may at most be, so that a hostile one costs little.
package struct JSON5Limits: Hashable, Sendable {
  package var bytes = 1 << 20
  /// Objects and lists inside one another.
  package var depth = 32

  package init() {}
}
