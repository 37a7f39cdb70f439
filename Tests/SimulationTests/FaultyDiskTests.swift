import Bytes
import Glibc
import Platform
import Support
import Testing

/// The tests' disk does to files what it says: or else a simulation on it would prove nothing.
struct FaultyDiskTests {
  private let disk = FaultyDisk()

  private func write(_ path: String, _ text: String, at offset: Int = 0) throws -> any DiskFile {
    let file = try disk.open(path, .readWriteOrCreate)
    try file.write(text.utf8.span.bytes, at: offset)
    return file
  }

  private func text(_ path: String) -> String? {
    disk.contents(path).map { String(decoding: $0, as: UTF8.self) }
  }

  /// What is left of `prepare`'s disk by power cuts of many seeds.
  private func outcomes(_ prepare: (FaultyDisk) throws -> Void) rethrows -> Set<[String]> {
    var found = Set<[String]>()
    for seed in 0..<60 as Range<UInt64> {
      let disk = FaultyDisk()
      disk.inject([], seed: seed)
      try prepare(disk)
      disk.powerCycle(seed: seed)
      found.insert(disk.paths.map { "\($0)=" + String(decoding: disk.contents($0)!, as: UTF8.self) })
    }
    return found
  }

  @Test func `what was synced stays, in a directory that was synced`() throws {
    let found = try outcomes { disk in
      let file = try disk.open("/d/f", .create)
      try file.write("kept".utf8.span.bytes, at: 0)
      try file.sync()
      try disk.syncDirectory("/d")
    }
    #expect(found == [["/d/f=kept"]])
  }

  @Test func `what was not synced is kept, lost or garbled`() throws {
    let found = try outcomes { disk in
      let file = try disk.open("/d/f", .create)
      try disk.syncDirectory("/d")
      try file.write("new".utf8.span.bytes, at: 0)
    }
    #expect(found.isSuperset(of: [["/d/f="], ["/d/f=new"]]))
    #expect(found.count > 2)
  }

  @Test func `a rename may reach the disk before the contents it is to show`() throws {
    let found = try outcomes { disk in
      disk.overwrite("/d/f", Array("old".utf8))
      let file = try disk.open("/d/f.new", .create)
      try file.write("new".utf8.span.bytes, at: 0)
      try disk.rename("/d/f.new", to: "/d/f")
    }
    #expect(found.isSuperset(of: [["/d/f=old"], ["/d/f=new"], ["/d/f="], ["/d/f=old", "/d/f.new=new"]]))
  }

  @Test func `a length that was not synced is kept or lost`() throws {
    let found = try outcomes { disk in
      disk.overwrite("/d/f", Array("long".utf8))
      try disk.open("/d/f", .readWrite).truncate(to: 2)
    }
    #expect(found == [["/d/f=lo"], ["/d/f=long"]])
  }

  @Test func `what a failed sync has not written no later one writes`() throws {
    let found = try outcomes { disk in
      let file = try disk.open("/d/f", .create)
      try disk.syncDirectory("/d")
      try file.write("new".utf8.span.bytes, at: 0)
      disk.setFault(.once(at: disk.operations + 1, errno: EIO))
      #expect(throws: SystemError.self) { try file.sync() }
      try file.sync()
      disk.endProcess()
      #expect(disk.contents("/d/f") == Array("new".utf8))
    }
    #expect(found.contains(["/d/f="]))
  }

  @Test func `files of a process that has ended are of no use`() throws {
    let file = try write("/d/f", "text")
    disk.endProcess()
    #expect(throws: SystemError.self) { try file.sync() }
    #expect(text("/d/f") == "text")
  }

  @Test func `a full disk has room again when something is removed, cut or closed`() throws {
    disk.setCapacity(4096)
    let first = try write("/d/a", String(repeating: "a", count: 2048))
    #expect(try disk.space("/d").free == 4096 - 2048 - 512)
    let second = try disk.open("/d/b", .create)
    // A block for itself, and 1024 of contents are left.
    let error = #expect(throws: SystemError.self) { try second.allocate(1025) }
    #expect(error?.isOutOfSpace == true)
    #expect(try disk.space("/d").free == 0)
    #expect(throws: SystemError.self) { _ = try disk.open("/d/c", .create) }
    try second.truncate(to: 0)
    try second.allocate(1024)
    try first.truncate(to: 1024)
    #expect(try disk.space("/d").free == 1024)
    try disk.remove("/d/a")
    #expect(try disk.space("/d").free == 1024)
    withExtendedLifetime(first) {}
  }

  @Test func `a write that finds room for a part of it leaves that part`() throws {
    disk.setCapacity(1536)
    let file = try disk.open("/d/f", .create)
    #expect(throws: SystemError.self) {
      try file.write(String(repeating: "x", count: 3000).utf8.span.bytes, at: 0)
    }
    #expect(try file.size() == 1024)
  }

  @Test func `faults hit the operations and files they are for, as often as they are to`() throws {
    disk.inject([DiskFault(.error(EIO), on: [.sync], path: ".log", oneIn: 4)], seed: 7)
    let log = try write("/d/a.log", "x")
    let other = try write("/d/b", "x")
    var failures = 0
    for _ in 0..<400 {
      try other.sync()
      do { try log.sync() } catch { failures += 1 }
    }
    #expect((60...140).contains(failures))
    #expect(disk.faultsHit == failures)
  }

  @Test func `a bit flipped on reading is right the next time, one flipped on the disk is not`() throws {
    let file = try write("/d/f", "text")
    func read() throws -> String {
      var buffer = ByteWriter()
      _ = try buffer.append(upTo: 4) { room throws(SystemError) in try file.read(into: room, at: 0) }
      return buffer.bytes.text
    }
    disk.inject([DiskFault(.flippedBit)], seed: 3)
    #expect(try read() != "text")
    disk.inject([], seed: 0)
    #expect(try read() == "text")
    disk.flip(bit: 0, of: "/d/f")
    #expect(try read() == "uext")
  }
}
