package import Platform
package import Records

/// A log seen from outside the process that keeps it, or with no such process: for queries. Takes no lock.
package struct StoredLog: Sendable {
  package let epoch: LogEpoch

  let directory: LogDirectory
  let disk: any Disk
  private let list: SegmentList

  /// - Parameter directory: the data directory.
  package init(directory path: String, disk: any Disk = LocalDisk()) throws(StorageError) {
    directory = LogDirectory(path)
    self.disk = disk
    let segments: [SegmentList.Segment]
    do throws(SystemError) {
      segments = try directory.listSegments(disk)
      epoch = try directory.readEpoch(disk) ?? LogEpoch(0)
    } catch {
      throw .disk(error)
    }
    guard !segments.isEmpty else { throw .noLog(directory: path) }
    // What is durable only the daemon knows; from outside the checksums tell.
    list = SegmentList(segments, durableEnd: Offset.max)
  }

  package var startOffset: Offset { list.startOffset }

  package var segments: [SegmentList.Segment] { list.all }

  /// The offset behind the last whole batch on disk now: reads the newest segment.
  package func findEnd() throws(StorageError) -> Offset {
    guard let newest = list.all.last else { return 0 }
    return try judge(newest).endOffset(base: newest.base)
  }

  /// Reads and checks every batch of `segment`.
  /// - Parameter progress: called with each intact batch's header and where in the file it begins.
  package func judge(
    _ segment: SegmentList.Segment, progress: (RecordBatchHeader, Int) -> Void = { _, _ in }
  ) throws(StorageError) -> SegmentVerdict {
    do throws(SystemError) {
      let path = directory.segments + "/" + SegmentName.fileName(base: segment.base)
      var scanner = BatchScanner(try disk.open(path, .read), base: segment.base)
      return try SegmentVerdict.judge(&scanner, limit: list.base(after: segment.base) ?? .max, progress: progress)
    } catch {
      throw .disk(error)
    }
  }

  /// A reader from `offset` on; it sees what is appended while it is used.
  package func makeReader(at offset: Offset) -> LogReader {
    LogReader(list, directory: directory, disk: disk, at: offset)
  }
}
