import Platform

extension Command {
  static let ingest = Command(
    name: "ingest",
    summary: "the daemon as a whole: acknowledged messages, latency, UDP, memory, deliveries",
    details: [
      "Starts `forebay run`, which must have been built beside this program (swift build -c release), and in turn with it a"
        + "\n  server of its own that does the least there is to do: what MQTT messages came in a turn of its loop go to a"
        + "\n  preallocated file with one pwrite and one fdatasync, then it acknowledges them. Both get the same load from here.",
      "acks: QoS 1 messages acknowledged a second, for several numbers of connections and windows, with 100 B and 1 KB.",
      "latency: 2,000 messages a second over 50 connections, from when each is due to its PUBACK; processor time a message.",
      "udp: the highest rate of 100-byte datagrams at which none is lost.",
      "memory: resident, idle, with 500 connections that publish, and for each further idle connection.",
      "fanout: one publisher and 100 subscribers at QoS 0: deliveries a second, next to mosquitto's where it is installed.",
    ],
    parts: ["acks", "latency", "udp", "memory", "fanout"],
    run: { options in
      try Descriptors.raiseLimit()
      let scratch = try ScratchDirectory(in: options.directory)
      var table = Table(title: "ingest: " + Machine.description(directory: scratch.path))
      if options.includes("acks") { try AcknowledgedMessages.measure(scratch, options, &table) }
      if options.includes("latency") { try AcknowledgementLatency.measure(scratch, options, &table) }
      if options.includes("udp") { try DatagramRate.measure(scratch, options, &table) }
      if options.includes("memory") { try ServerMemory.measure(scratch, options, &table) }
      if options.includes("fanout") { try FanOut.measure(scratch, options, &table) }
      return table.missed == 0
    })
}
