/// A value of a JSON5 text and where it stands, so that what is wrong with it can be said with line and column.
package struct JSON5Value: Hashable, Sendable {
  package let content: Content
  package let position: JSON5Position

  package indirect enum Content: Hashable, Sendable {
    case null
    case bool(Bool)
    case number(JSON5Number)
    case string(String)
    case array([JSON5Value])
    /// In the order of the text; no key twice.
    case object([JSON5Member])
  }

  package init(_ content: Content, at position: JSON5Position) {
    self.content = content
    self.position = position
  }

  /// What the value is, for messages: `a string`.
  package var kind: String {
    switch content {
    case .null: "null"
    case .bool: "a boolean"
    case .number: "a number"
    case .string: "a string"
    case .array: "a list"
    case .object: "an object"
    }
  }
}

/// One `key: value` of an object.
package struct JSON5Member: Hashable, Sendable {
  package let key: String
  package let keyPosition: JSON5Position
  package let value: JSON5Value

  package init(key: String, at position: JSON5Position, value: JSON5Value) {
    self.key = key
    keyPosition = position
    self.value = value
  }
}

/// A number as it was written and as it is read.
package struct JSON5Number: Hashable, Sendable {
  /// As in the text: `0x10`, `.5`, `-Infinity`.
  package let text: String
  package let double: Double
  /// The exact value where the number is whole and fits; `1e3` and `5.0` are whole.
  package let integer: Int?

  package init(text: String, double: Double, integer: Int?) {
    self.text = text
    self.double = double
    self.integer = integer
  }
}

/// A place in a text, counted from 1; columns count Unicode scalars.
package struct JSON5Position: Hashable, Sendable {
  package let line: Int
  package let column: Int

  package init(line: Int, column: Int) {
    self.line = line
    self.column = column
  }
}
