import Bytes
import Daemon
import Platform
import Query
import Records
import Storage

extension Command {
  static let unpack = Command(
    name: "unpack",
    summary: "turns shipped batches back into NDJSON, a line a record",
    details: [
      "Reads record batches, one behind the other: what an uplink with `format: \"batches\"` publishes, or a segment of a"
        + " log. Without FILE it reads standard input, and prints each batch as soon as it is whole.",
      "Each line is a record as `forebay query` shows it, with `epoch` in front: gateway, epoch and offset together"
        + " identify a record, so a consumer that has seen a pair can drop it. Exit code 1 says that some bytes were no"
        + " intact batch.",
    ],
    positionals: [Positional(name: "FILE", help: "files of batches (default: standard input)", repeats: true)],
    options: [
      Option(name: "--gateway", value: "NAME", help: "adds \"gateway\":\"NAME\" to each line")
    ],
    examples: [
      Example(
        line:
          "mosquitto_sub -h central -t 'forebay/plant-7/batches' -q 1 -i reader -c -N | forebay unpack --gateway plant-7",
        purpose: "what a gateway ships, as it arrives"),
      Example(line: "forebay unpack batches.bin | jq -c .payload", purpose: "payloads of batches saved to a file"),
    ],
    run: { arguments in
      var unpacking = Unpacking(gateway: arguments.value("--gateway"))
      if arguments.positionals.isEmpty {
        try unpacking.run { room throws(SystemError) in try StandardInput.read(into: room) }
      }
      for path in arguments.positionals {
        let file = try LocalDisk().open(path, .read)
        var position = 0
        try unpacking.run { room throws(SystemError) in
          let count = try file.read(into: room, at: position)
          position += count
          return count
        }
      }
      return unpacking.report()
    })
}

/// One run of `forebay unpack`.
private struct Unpacking: ~Copyable {
  /// JSON members in front of each record's own.
  private let gatewayMember: String
  private var unpacker = BatchUnpacker()
  private var output = StandardOutput()
  private var line = ByteWriter(capacity: 4096)
  private var damagedBytes = 0

  init(gateway: String?) {
    guard let gateway else {
      gatewayMember = ""
      return
    }
    var text = ByteWriter()
    text.append("\"gateway\":")
    JSONText.appendString(gateway, to: &text)
    gatewayMember = text.bytes.text + ","
  }

  /// Reads one input to its end.
  mutating func run(_ read: (UnsafeMutableRawBufferPointer) throws(SystemError) -> Int) throws {
    while try unpacker.add(read) > 0 { step() }
    damagedBytes += unpacker.dropRest()
  }

  private mutating func step() {
    while true {
      switch unpacker.next() {
      case .batch(let header): show(header)
      case .damage(let bytes): damagedBytes += bytes
      case .needsMore:
        output.flush()
        return
      }
    }
  }

  private mutating func show(_ header: RecordBatchHeader) {
    let identity = gatewayMember + (header.producerID > 0 ? "\"epoch\":\"\(LogEpoch(header.producerID))\"," : "")
    Self.show(header, unpacker, identity, &line, &output)
  }

  private static func show(
    _ header: RecordBatchHeader, _ unpacker: borrowing BatchUnpacker, _ identity: String, _ line: inout ByteWriter,
    _ output: inout StandardOutput
  ) {
    var records = RecordIterator(header, records: unpacker.records)
    while let record = records.next() {
      line.removeAll()
      RecordJSON.append(record, leadingMembers: identity, to: &line)
      line.append(UInt8(ascii: "\n"))
      output.write(line.bytes)
    }
  }

  consuming func report() -> ExitCode {
    output.flush()
    guard damagedBytes > 0 else { return .success }
    StandardError.write(line: "forebay: \(damagedBytes) bytes were no intact batch and have been passed over")
    return .negative
  }
}
