import Bytes
import Platform
import Records

// Bytes that the disk does not give: sectors go bad one by one, and the rest of the log is worth reading.
extension BatchScanner {
  private static let blockBytes = 4096

  /// Reads what there is at `place`. Blocks that the disk does not give, asked twice, are filled so that no batch is intact
  /// over them, and `isUnreadable` is set.
  ///
  /// Only where the disk gives something beside them, or the file's last block: otherwise it is the disk that has failed,
  /// and what is on it is not lost. Zeros prove nothing, as they may never have been written.
  static func readAround(
    _ file: any DiskFile, into room: UnsafeMutableRawBufferPointer, at place: Int, _ isUnreadable: inout Bool
  ) throws(SystemError) -> Int {
    let failure: SystemError
    do throws(SystemError) {
      return try file.read(into: room, at: place)
    } catch {
      failure = error
    }
    let size = try file.size()
    let count = min(room.count, size - place)
    var done = 0
    var isGiving = false
    while done < count {
      let end = min(count, (place + done) / blockBytes * blockBytes + blockBytes - place)
      let block = UnsafeMutableRawBufferPointer(rebasing: room[done..<end])
      do throws(SystemError) {
        let read = try file.read(into: block, at: place + done)
        guard read > 0 else { break }
        isGiving = isGiving || block[..<read].contains { $0 != 0 }
        done += read
      } catch {
        for index in block.indices { block[index] = 0xFF }
        isUnreadable = true
        done = end
      }
    }
    guard isGiving || isLastBlockReadable(of: file, size) else { throw failure }
    return done
  }

  private static func isLastBlockReadable(of file: any DiskFile, _ size: Int) -> Bool {
    var buffer = ByteWriter(capacity: blockBytes)
    do throws(SystemError) {
      _ = try buffer.append(upTo: blockBytes) { room throws(SystemError) in
        try file.read(into: room, at: max(0, size - 1) / blockBytes * blockBytes)
      }
    } catch {
      return false
    }
    return buffer.array.contains { $0 != 0 }
  }

  /// Whether the disk gives the beginning of segment `base`.
  /// - Parameter isClosed: nobody writes to it: then the disk itself is asked, not what memory has of it.
  static func isReadable(_ base: Offset, isClosed: Bool, in directory: LogDirectory, _ disk: any Disk) -> Bool {
    do throws(SystemError) {
      let file = try disk.open(directory.file(.segment, base), .read)
      if isClosed { try file.reload() }
      var scanner = BatchScanner(file, base: base)
      if case .batch = try scanner.peek() { return true }
      return false
    } catch {
      return false
    }
  }
}
