import JSON5

// Lenient reading of a report: what is missing is 0, empty or a dash.
extension JSON5Value {
  subscript(_ key: String) -> JSON5Value? { members.first { $0.key == key }?.value }

  private var members: [JSON5Member] {
    if case .object(let members) = content { members } else { [] }
  }

  /// Empty where the member is no object.
  func members(_ key: String) -> [JSON5Member] { self[key]?.members ?? [] }

  /// Empty where the member is no list.
  func elements(_ key: String) -> [JSON5Value] {
    if case .array(let elements) = self[key]?.content { elements } else { [] }
  }

  var number: Int {
    if case .number(let number) = content { number.integer ?? 0 } else { 0 }
  }

  var text: String {
    if case .string(let text) = content { text } else { "-" }
  }

  func number(_ key: String) -> Int { numberIfAny(key) ?? 0 }

  func numberIfAny(_ key: String) -> Int? {
    if case .number(let number) = self[key]?.content { number.integer } else { nil }
  }

  func decimalIfAny(_ key: String) -> Double? {
    if case .number(let number) = self[key]?.content { number.double } else { nil }
  }

  func text(_ key: String) -> String { self[key]?.text ?? "-" }

  func textIfAny(_ key: String) -> String? {
    if case .string(let text) = self[key]?.content { text } else { nil }
  }

  func isTrue(_ key: String) -> Bool? {
    if case .bool(let flag) = self[key]?.content { flag } else { nil }
  }
}
