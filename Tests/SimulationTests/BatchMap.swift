import Records

/// Which bytes of a segment's file are which records', read from the headers alone and without the code under test.
struct BatchMap {
  struct Batch: Hashable {
    let bytes: Range<Int>
    let offsets: Range<Offset>
  }

  private(set) var batches: [Batch] = []

  /// A damaged header may say anything: every place is looked at, whatever the batches before it say of their lengths.
  init(_ file: [UInt8]) {
    guard file.count >= 61 else { return }
    for position in 0...(file.count - 61) where file[position + 16] == 2 {
      if let batch = Self.batch(file, position) { batches.append(batch) }
    }
  }

  private static func batch(_ file: [UInt8], _ position: Int) -> Batch? {
    guard file[(position + 12)..<(position + 16)].allSatisfy({ $0 == 0xFF }) else { return nil }
    let base = number(file[position..<(position + 8)])
    let end = position + 12 + number(file[(position + 8)..<(position + 12)])
    let last = number(file[(position + 23)..<(position + 27)])
    guard base >= 0, end <= file.count, end >= position + 61, last < 100_000 else { return nil }
    return Batch(bytes: position..<end, offsets: Offset(base)..<(Offset(base + last) + 1))
  }

  private static func number(_ bytes: ArraySlice<UInt8>) -> Int {
    bytes.reduce(0) { $0 << 8 | Int($1) }
  }
}
