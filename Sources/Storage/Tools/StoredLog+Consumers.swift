import Platform
package import Records

extension StoredLog {
  /// Where the consumers stand, by what is on disk: `route/siren` and the first offset it has not done with, which is 0
  /// where it has not come to say so yet.
  package func consumerPositions() throws(StorageError) -> [(name: String, position: Offset)] {
    do throws(SystemError) {
      let cursors = try CursorCheck.read(directory, disk).filter { !$0.isStray }
      return cursors.map { ($0.name, $0.newest?.position ?? 0) }
    } catch {
      throw .disk(error)
    }
  }
}
