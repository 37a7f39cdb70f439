/// The names on a `FaultyDisk`: as they are seen, as they are on the platter, and the changes between the two.
struct FaultyNames {
  private(set) var current: [String: FaultyInode] = [:]
  private var durable: [String: FaultyInode] = [:]
  private var unsynced: [Change] = []

  private enum Change {
    case link(String, FaultyInode)
    case rename(String, String, FaultyInode)
    case unlink(String)

    /// The name that is there, or not there, afterwards.
    var path: String {
      switch self {
      case .link(let path, _), .unlink(let path), .rename(_, let path, _): path
      }
    }

    /// Whose sync makes the change durable.
    var directory: Substring { path[..<(path.lastIndex(of: "/") ?? path.startIndex)] }

    func apply(to names: inout [String: FaultyInode]) {
      switch self {
      case .link(let path, let inode): names[path] = inode
      case .rename(let source, let target, let inode):
        if names[source] === inode { names[source] = nil }
        names[target] = inode
      case .unlink(let path): names[path] = nil
      }
    }
  }

  mutating func link(_ path: String, _ inode: FaultyInode) { change(.link(path, inode)) }

  mutating func rename(_ source: String, to target: String, _ inode: FaultyInode) {
    change(.rename(source, target, inode))
  }

  mutating func unlink(_ path: String) { change(.unlink(path)) }

  private mutating func change(_ change: Change) {
    change.apply(to: &current)
    unsynced.append(change)
  }

  /// Makes or replaces a name for good.
  mutating func set(_ path: String, _ inode: FaultyInode?) {
    current[path] = inode
    durable[path] = inode
    unsynced.removeAll { $0.path == path }
  }

  mutating func sync(_ directory: String) {
    for change in unsynced where change.directory == directory { change.apply(to: &durable) }
    unsynced.removeAll { $0.directory == directory }
  }

  /// Files and directories in `directory`.
  func list(_ directory: String) -> [String] {
    let prefix = directory + "/"
    let found = current.keys.filter { $0.hasPrefix(prefix) }.map { $0.dropFirst(prefix.count).prefix { $0 != "/" } }
    return Set(found).sorted().map(String.init)
  }

  /// A power cut. Most file systems keep the first few changes of each directory; where none of that is promised, any.
  mutating func losePower(_ random: inout SeededGenerator) {
    let isOrdered = !random.oneIn(3)
    var room: [Substring: Int] = [:]
    for directory in Set(unsynced.map(\.directory)).sorted() {
      room[directory] = random.below(unsynced.count { $0.directory == directory } + 1)
    }
    for change in unsynced {
      if isOrdered {
        room[change.directory, default: 0] -= 1
        if room[change.directory, default: 0] >= 0 { change.apply(to: &durable) }
      } else if random.oneIn(2) {
        change.apply(to: &durable)
      }
    }
    unsynced = []
    current = durable
  }
}
