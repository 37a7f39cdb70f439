import Platform

/// The contents of a file.
package func readBytes(_ path: String) throws -> [UInt8] {
  try FileSystem.read(path, limit: 1 << 30)
}

/// Makes the file anew, with the directories above it.
package func writeBytes(_ path: String, _ bytes: [UInt8]) throws {
  let disk = LocalDisk()
  if let slash = path.lastIndex(of: "/") { try disk.createDirectory(String(path[..<slash])) }
  let file = try disk.open(path, .readWriteOrCreate)
  try file.truncate(to: 0)
  try file.write(bytes.span.bytes, at: 0)
}

/// Changes what is in the file: damage done by a test.
package func change(_ path: String, _ body: (inout [UInt8]) -> Void) throws {
  var bytes = try readBytes(path)
  body(&bytes)
  try writeBytes(path, bytes)
}
