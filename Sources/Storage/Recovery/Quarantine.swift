import Platform

/// Where bytes go that are taken out of the log: `quarantine/SEGMENT.POSITION`, for whoever wants to look at them.
/// Nothing there is ever read or removed by Forebay.
struct Quarantine {
  private let directory: LogDirectory
  private let disk: any Disk

  init(_ directory: LogDirectory, _ disk: any Disk) {
    self.directory = directory
    self.disk = disk
  }

  /// Copies `range` of `file`, durably.
  /// - Parameter name: the segment's file name.
  func keep(_ range: Range<Int>, of file: any DiskFile, named name: String) throws(SystemError) {
    try disk.createDirectory(directory.quarantine)
    let copy = try disk.open("\(directory.quarantine)/\(name).\(range.lowerBound)", .readWriteOrCreate)
    try copy.truncate(to: 0)
    try copy.copy(range, of: file)
    try copy.sync()
    try disk.syncDirectory(directory.quarantine)
  }
}
