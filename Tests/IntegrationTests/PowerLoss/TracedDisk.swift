/// The files below one directory, as a trace of system calls has made and changed them, and what a power cut at any point of
/// the trace may leave of them.
///
/// Certain is what a sync covers that has returned: contents whose write had returned before an `fdatasync` or `fsync` of the
/// file began; names and directories changed before an `fsync` of the directory they are in began. Everything else is
/// there or not, by a seed: names as the directory's first few changes, or any of them; contents sector by sector, kept,
/// lost or garbled.
struct TracedDisk {
  /// A change, and when.
  struct Operation {
    enum Change {
      case write(file: Int, offset: Int, bytes: [UInt8])
      case length(file: Int, Int, mayCut: Bool)
      case link(String, file: Int)
      case unlink(String)
      case rename(String, String, file: Int)
      case directory(String)
    }

    let change: Change
    /// What a sync must be of to cover it: a file, or the directory a name is in.
    let place: Place
    let began: Int
    let returned: Int
    /// When a sync that covers it has returned.
    var durable: Int?
  }

  enum Place: Hashable {
    case file(Int)
    case directory(String)
  }

  let root: String
  private(set) var operations: [Operation] = []
  /// Those that no sync has covered yet.
  private var unsynced: [Place: [Int]] = [:]
  private var names: [String: Int] = [:]
  /// What each descriptor is of.
  private var open: [Int: Place] = [:]
  private var files = 0
  /// How often a file has taken the place of a segment.
  private(set) var sealed = 0
  /// When files were removed or emptied, by name: the line in which that began.
  private(set) var emptied: [String: Int] = [:]

  /// - Parameter root: everything that is not below it is left out.
  init(_ calls: [SystemCall], root: String) {
    self.root = root
    for call in calls { play(call) }
  }

  /// The lines in which something happens to the disk.
  var lines: [Int] { operations.flatMap { [$0.began, $0.returned] + ($0.durable.map { [$0] } ?? []) } }

  /// The name that a descriptor's file has, while it is open.
  func name(ofDescriptor descriptor: Int) -> String? {
    guard case .file(let file) = open[descriptor] else { return nil }
    return names.first { $0.value == file }?.key
  }

  private static func parent(_ path: String) -> String {
    String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
  }
}

// Playing the trace.
extension TracedDisk {
  private mutating func play(_ call: SystemCall) {
    guard let returned = call.returned, let result = call.result, result >= 0 else { return }
    switch call.name {
    case "openat": opened(call, result, returned)
    case "close": if let descriptor = call.number(0) { open[descriptor] = nil }
    case "pwrite64":
      guard let file = file(call), let bytes = call.bytes(1), let offset = call.number(3) else { return }
      add(.write(file: file, offset: offset, bytes: [UInt8](bytes.prefix(result))), .file(file), call, returned)
    case "ftruncate":
      guard let file = file(call), let length = call.number(1) else { return }
      if length == 0, let name = name(ofDescriptor: call.number(0)!) { noteEmptied(name, call) }
      add(.length(file: file, length, mayCut: true), .file(file), call, returned)
    case "fallocate":
      guard let file = file(call), let offset = call.number(2), let length = call.number(3) else { return }
      add(.length(file: file, offset + length, mayCut: false), .file(file), call, returned)
    case "fdatasync", "fsync": synced(call, returned)
    case "rename": renamed(call, returned)
    case "unlink":
      guard let path = call.text(0), isInside(path) else { return }
      noteEmptied(path, call)
      names[path] = nil
      add(.unlink(path), .directory(Self.parent(path)), call, returned)
    case "mkdir":
      guard let path = call.text(0), isInside(path) else { return }
      add(.directory(path), .directory(Self.parent(path)), call, returned)
    default: break
    }
  }

  private func isInside(_ path: String) -> Bool { path == root || path.hasPrefix(root + "/") }

  private func file(_ call: SystemCall) -> Int? {
    guard let descriptor = call.number(0), case .file(let file) = open[descriptor] else { return nil }
    return file
  }

  private mutating func add(_ change: Operation.Change, _ place: Place, _ call: SystemCall, _ returned: Int) {
    unsynced[place, default: []].append(operations.count)
    operations.append(Operation(change: change, place: place, began: call.began, returned: returned))
  }

  private mutating func noteEmptied(_ name: String, _ call: SystemCall) {
    emptied[name] = min(emptied[name] ?? .max, call.began)
  }

  private mutating func opened(_ call: SystemCall, _ descriptor: Int, _ returned: Int) {
    open[descriptor] = nil
    guard let path = call.text(1), let flags = call.word(2) else { return }
    if flags.contains("O_DIRECTORY") {
      open[descriptor] = .directory(path)
    } else if isInside(path) {
      if names[path] == nil, flags.contains("O_CREAT") {
        files += 1
        names[path] = files
        add(.link(path, file: files), .directory(Self.parent(path)), call, returned)
      }
      open[descriptor] = names[path].map { .file($0) }
    }
  }

  private mutating func renamed(_ call: SystemCall, _ returned: Int) {
    guard let source = call.text(0), let target = call.text(1), let file = names[source] else { return }
    if names[target] != nil, target.hasSuffix(".log") { sealed += 1 }
    names[source] = nil
    names[target] = file
    add(.rename(source, target, file: file), .directory(Self.parent(target)), call, returned)
  }

  private mutating func synced(_ call: SystemCall, _ returned: Int) {
    guard let place = call.number(0).flatMap({ open[$0] }) else { return }
    unsynced[place]?.removeAll { index in
      guard operations[index].returned < call.began else { return false }
      operations[index].durable = returned
      return true
    }
  }
}
