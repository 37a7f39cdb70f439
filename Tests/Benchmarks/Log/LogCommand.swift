import Platform

extension Command {
  static let log = Command(
    name: "log",
    summary: "the log: append, read, seek, size on disk, allocations",
    details: [
      "encode: a 100-byte payload laid out as a record of a batch, checksum included, against merely copying it.",
      "append: 100-byte payloads from four producers until they are durable, against a plain loop of pwrite and fdatasync"
        + "\n  with the sizes the commit wrote; and one record at a time, its latency against one write and fdatasync.",
      "allocations: what the heap is asked for by 400,000 records more than by 100,000.",
      "telemetry: JSON messages from 100 devices: how fast they are read, and their size once sealed.",
      "seek: a 10 GiB log (--quick: 1 GiB) that is not in memory: opening it, 200 random places, and memory in use,"
        + "\n  as written and sealed.",
    ],
    parts: ["encode", "append", "allocations", "telemetry", "seek"],
    run: { options in
      let scratch = try ScratchDirectory(in: options.directory)
      var table = Table(title: "log: " + Machine.description(directory: scratch.path))
      // First, while the heap is as small as it will ever be: this is also about memory in use.
      if options.includes("seek") { try LargeLog.measure(scratch, options, &table) }
      if options.includes("encode") { try RecordEncoding.measure(options, &table) }
      if options.includes("append") {
        try AppendThroughput.measure(scratch, options, &table)
        try AppendLatency.measure(scratch, options, &table)
      }
      if options.includes("allocations") { try AppendAllocations.measure(scratch, options, &table) }
      if options.includes("telemetry") { try StoredTelemetry.measure(scratch, options, &table) }
      return table.missed == 0
    })
}
