import Support

// What is left.
extension TracedDisk {
  /// The files after a power cut in `line`, by their names below the root.
  func afterPowerCut(in line: Int, seed: UInt64) -> [String: [UInt8]] {
    var random = SeededGenerator(seed: seed)
    var remains = Remains(&random)
    for operation in operations where operation.began <= line {
      let isCertain = operation.durable.map { $0 <= line } ?? false
      switch operation.change {
      case .write(let file, let offset, let bytes):
        remains.write(bytes, at: offset, file, isCertain: isCertain, &random)
      case .length(let file, let length, let mayCut):
        guard isCertain || random.oneIn(2) else { continue }
        remains.setLength(length, mayCut: mayCut, file)
      case .link(let path, let file):
        if remains.keeps(operation.place, isCertain, &random) { remains.names[path] = file }
      case .unlink(let path):
        if remains.keeps(operation.place, isCertain, &random) { remains.names[path] = nil }
      case .rename(let source, let target, let file):
        guard remains.keeps(operation.place, isCertain, &random) else { continue }
        remains.names[source] = nil
        remains.names[target] = file
      case .directory(let path):
        if !remains.keeps(operation.place, isCertain, &random) { remains.lostDirectories.append(path) }
      }
    }
    return remains.files(below: root)
  }

  private struct Remains {
    var names: [String: Int] = [:]
    var lostDirectories: [String] = []
    private var contents: [Int: Contents] = [:]
    /// Whether a directory keeps its first few changes, as most file systems do, or any.
    private let isOrdered: Bool
    private var hasLost: Set<Place> = []

    private final class Contents {
      var image = FileImage()
    }

    init(_ random: inout SeededGenerator) {
      isOrdered = !random.oneIn(3)
    }

    mutating func keeps(_ place: Place, _ isCertain: Bool, _ random: inout SeededGenerator) -> Bool {
      if isCertain { return true }
      if isOrdered, hasLost.contains(place) { return false }
      if random.oneIn(2) { return true }
      hasLost.insert(place)
      return false
    }

    private mutating func image(_ file: Int) -> Contents {
      if let contents = contents[file] { return contents }
      let made = Contents()
      contents[file] = made
      return made
    }

    mutating func setLength(_ length: Int, mayCut: Bool, _ file: Int) {
      let contents = image(file)
      if mayCut || length > contents.image.count { contents.image.resize(to: length) }
    }

    mutating func write(
      _ bytes: [UInt8], at offset: Int, _ file: Int, isCertain: Bool, _ random: inout SeededGenerator
    ) {
      let contents = image(file)
      bytes.withUnsafeBytes { bytes in
        let style = isCertain ? 0 : random.below(4)
        if style == 0 { return contents.image.write(bytes, at: offset) }
        if style == 1 { return }
        var start = 0
        while start < bytes.count {
          let end = min(bytes.count, ((offset + start) / 512 + 1) * 512 - offset)
          switch random.below(5) {
          case 0, 1, 2:
            contents.image.write(UnsafeRawBufferPointer(rebasing: bytes[start..<end]), at: offset + start)
          case 3: break
          default: random.bytes(end - start).withUnsafeBytes { contents.image.write($0, at: offset + start) }
          }
          start = end
        }
      }
    }

    func files(below root: String) -> [String: [UInt8]] {
      var files: [String: [UInt8]] = [:]
      for (path, file) in names
      where path.hasPrefix(root + "/") && !lostDirectories.contains(where: { path.hasPrefix($0 + "/") }) {
        files[String(path.dropFirst(root.utf8.count + 1))] = contents[file]?.image.array ?? []
      }
      return files
    }
  }
}
