import Glibc

extension FileSystem {
  /// `path` in full, without links and dots; what of it is not there yet stays as it is given.
  package static func resolved(_ path: String) -> String {
    if let found = realpath(path, nil) {
      defer { free(found) }
      return String(cString: found)
    }
    guard let slash = path.lastIndex(of: "/") else { return CurrentProcess.workingDirectory + "/" + path }
    let parent = slash == path.startIndex ? "/" : resolved(String(path[..<slash]))
    let name = path[path.index(after: slash)...]
    return name.isEmpty ? parent : (parent == "/" ? "" : parent) + "/" + name
  }
}
