/// The bytes that hexadecimal digits stand for; white space between them is ignored.
package func hex(_ digits: String) -> [UInt8] {
  let values = digits.compactMap { $0.isWhitespace ? nil : UInt8($0.hexDigitValue!) }
  return stride(from: 0, to: values.count, by: 2).map { values[$0] << 4 | values[$0 + 1] }
}
