import JSON5

// One function per kind of value: the value, or the default after a report.
extension ConfigurationSection {
  /// Whether the key is there and says `null`: none of it, please.
  func isNull(_ key: String) -> Bool { value(key)?.content == .null }

  func boolean(_ key: String, default standard: Bool) -> Bool {
    guard let value = value(key) else { return standard }
    if case .bool(let flag) = value.content { return flag }
    mismatch(key, value, "true or false")
    return standard
  }

  func integer(_ key: String, in range: ClosedRange<Int>, default standard: Int) -> Int {
    guard let value = value(key) else { return standard }
    guard case .number(let number) = value.content, let integer = number.integer else {
      mismatch(key, value, "a whole number, such as \(standard)")
      return standard
    }
    guard range.contains(integer) else {
      reject(key, "is \(integer); write a number from \(range.lowerBound) to \(range.upperBound)")
      return standard
    }
    return integer
  }

  /// A text that is not empty and has no control characters.
  func string(_ key: String) -> String? {
    guard let value = value(key) else { return nil }
    guard case .string(let text) = value.content else {
      mismatch(key, value, "a text in quotes")
      return nil
    }
    return checked(text, key)
  }

  func string(_ key: String, default standard: String) -> String { string(key) ?? standard }

  /// A text that must be there: what is missing is reported as `example` shows.
  func requiredString(_ key: String, example: String) -> String {
    if has(key) { return string(key) ?? "" }
    if isObject { reject(key, "is missing; write \(key): \"\(example)\"") }
    return ""
  }

  func strings(_ key: String) -> [String]? {
    texts(key)?.map(\.text)
  }

  /// A list of texts that all pass: `problem` says what is wrong with one and what to write.
  func strings(_ key: String, problem: (String) -> String?) -> [String]? {
    texts(key)?.map { text, line, name in
      if let problem = problem(text) { report.add(line, "`\(name)` is \"\(text)\"; \(problem)") }
      return text
    }
  }

  private func texts(_ key: String) -> [(text: String, line: Int, name: String)]? {
    guard let value = value(key) else { return nil }
    guard case .array(let values) = value.content else {
      mismatch(key, value, "a list of texts: [\"…\"]")
      return nil
    }
    return values.enumerated().compactMap { index, value in
      let name = "\(name(key))[\(index)]"
      let line = value.position.line
      guard case .string(let text) = value.content else {
        report.add(line, "`\(name)` is \(value.kind); write a text in quotes")
        return nil
      }
      if let problem = Self.problem(with: text) { report.add(line, "`\(name)` \(problem)") }
      return (text, line, name)
    }
  }

  /// Bytes: `"4 GiB"`, or a plain number.
  func size(_ key: String, in range: ClosedRange<Int>, default standard: Int) -> Int {
    let example = "a size, such as \"\(Quantity.text(size: standard))\""
    return quantity(key, in: range, default: standard, example, Quantity.size, Quantity.text(size:)) { $0.integer }
  }

  /// Bytes a second: `"256 KiB/s"`. Nil where it is missing.
  func rate(_ key: String, in range: ClosedRange<Int>) -> Int? {
    guard has(key) else { return nil }
    func write(_ bytes: Int) -> String { "\(Quantity.text(size: bytes))/s" }
    let example = "a rate with its unit, such as \"256 KiB/s\""
    return quantity(key, in: range, default: range.upperBound, example, Quantity.rate, write) { _ in nil }
  }

  /// Milliseconds: `"10 s"`; a plain number only where it is 0.
  func duration(_ key: String, in range: ClosedRange<Int>, default standard: Int) -> Int {
    let example = "a duration with its unit (ms, s, m, h, d), such as \"\(Quantity.text(milliseconds: standard))\""
    return quantity(key, in: range, default: standard, example, Quantity.duration, Quantity.text(milliseconds:)) {
      $0.integer == 0 ? 0 : nil
    }
  }

  /// Percent: `"50 %"`.
  func percent(_ key: String, in range: ClosedRange<Int>, default standard: Double) -> Double {
    guard let value = value(key) else { return standard }
    guard case .string(let text) = value.content, let percent = Quantity.percent(text) else {
      mismatch(key, value, "a share, such as \"\(Int(standard)) %\"")
      return standard
    }
    guard (Double(range.lowerBound)...Double(range.upperBound)).contains(percent) else {
      reject(key, "is \"\(text)\"; write one from \"\(range.lowerBound) %\" to \"\(range.upperBound) %\"")
      return standard
    }
    return percent
  }

  private func quantity(
    _ key: String, in range: ClosedRange<Int>, default standard: Int, _ example: String,
    _ parse: (String) -> Int?, _ write: (Int) -> String, _ plain: (JSON5Number) -> Int?
  ) -> Int {
    guard let value = value(key) else { return standard }
    let amount: Int? =
      switch value.content {
      case .string(let text): parse(text)
      case .number(let number): plain(number)
      default: nil
      }
    guard let amount else {
      mismatch(key, value, example)
      return standard
    }
    guard range.contains(amount) else {
      reject(
        key, "is \(write(amount)); write one from \"\(write(range.lowerBound))\" to \"\(write(range.upperBound))\"")
      return standard
    }
    return amount
  }

  /// One of `choices` by its name.
  func choice<Choice>(_ key: String, _ choices: [(name: String, value: Choice)], default standard: Choice) -> Choice {
    guard let text = string(key) else { return standard }
    if let choice = choices.first(where: { $0.name == text }) { return choice.value }
    let list = choices.map { "\"\($0.name)\"" }.joined(separator: " or ")
    reject(key, "is \"\(text)\"; write \(list)")
    return standard
  }

  /// A section of its own; nil where it is missing.
  func section(_ key: String) -> ConfigurationSection? {
    value(key).map { ConfigurationSection($0, path: name(key), report: report) }
  }

  /// A list of sections; empty where it is missing.
  func sections(_ key: String) -> [ConfigurationSection] {
    guard let value = value(key) else { return [] }
    guard case .array(let values) = value.content else {
      mismatch(key, value, "a list of objects: [{ … }]")
      return []
    }
    return values.enumerated().map { ConfigurationSection($1, path: "\(name(key))[\($0)]", report: report) }
  }

  /// A list of things with a name each, made by `make`; no name twice.
  func named<Item>(_ key: String, name: KeyPath<Item, String>, _ make: (ConfigurationSection) -> Item) -> [Item] {
    var seen: Set<String> = []
    return sections(key).map { section in
      let item = make(section)
      let name = item[keyPath: name]
      if !name.isEmpty, !seen.insert(name).inserted {
        section.reject("name", "is \"\(name)\", like another in `\(key)`; give each a name of its own")
      }
      return item
    }
  }

  func mismatch(_ key: String, _ value: JSON5Value, _ expected: String) {
    let found =
      switch value.content {
      // Not even a wrong one is shown.
      case _ where key == "password": "is \(value.kind)"
      case .string(let text): "is \"\(text.prefix(40))\""
      case .number(let number): "is \(number.text)"
      case .bool(let flag): "is \(flag)"
      default: "is \(value.kind)"
      }
    reject(key, "\(found); write \(expected)")
  }

  private func checked(_ text: String, _ key: String) -> String? {
    guard let problem = Self.problem(with: text) else { return text }
    reject(key, problem)
    return nil
  }

  private static func problem(with text: String) -> String? {
    if text.isEmpty { return "is empty; write a text, or remove it" }
    let hasControl = text.unicodeScalars.contains { $0.value < 32 || $0.value == 127 }
    return hasControl ? "has a control character in it; remove it" : nil
  }
}
