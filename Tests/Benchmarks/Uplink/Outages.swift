import Platform

/// How soon something is confirmed again once the network is back.
///
/// In a network of its own, which is this machine's loopback alone: taken down it is a line that is cut, on both ends, and
/// brought up again the machine has addresses and routes that it had not. So this part is done by this program once more, in
/// a namespace.
enum Outages {
  /// The word that makes this program the one inside: `Benchmarks uplink-outages DIRECTORY KIND:SECONDS:ROUNDS…`.
  static let command = "uplink-outages"

  /// A line that is back before a connection is given up; and one that is away for so long that it is, after half a minute, and
  /// that an uplink, after a minute of tries, waits a minute before the next.
  private static func cuts(_ options: Options) -> [OutageCut] {
    options.isQuick
      ? [OutageCut(.link, seconds: 3, rounds: 2), OutageCut(.link, seconds: 50, rounds: 1)]
      : [
        OutageCut(.link, seconds: 10, rounds: 5), OutageCut(.link, seconds: 110, rounds: 3),
        OutageCut(.silent, seconds: 10, rounds: 5),
      ]
  }

  static func measure(_ scratch: borrowing ScratchDirectory, _ options: Options, _ table: inout Table) throws {
    defer { scratch.remove("outages") }
    let directory = scratch.path("outages")
    try LocalDisk().createDirectory(directory)
    _ = try Programs.find("ip")
    let cuts = cuts(options)
    let inside = try RunningProgram(
      "the part in a network of its own",
      [try Programs.find("unshare")] + OutageNetwork.options + [CurrentProcess.executablePath, command, directory]
        + cuts.map(\.word), journal: directory + "/inside")
    // In order: it has servers of its own to end.
    defer { inside.stop() }
    try inside.waitForSuccess()
    let samples = inside.output.split(separator: "\n").compactMap { OutageSample(String($0)) }
    for cut in cuts {
      for kind in [KafkaFarSide.name, RabbitMQFarSide.name, MQTTFarSide.name] {
        let seconds = samples.filter { $0.cut == cut && $0.uplink.hasPrefix(kind) }.map(\.seconds)
        guard !seconds.isEmpty else { throw inside.failure("did not measure \(kind)") }
        table.add(row(kind, cut, Samples(seconds)))
      }
    }
    table.note("from when the network is back to the first confirmation; `silent`: lost further on, nobody tells")
  }

  /// Where nobody tells, it takes as long as TCP waits before it tries again: as long again as the cut at the most.
  private static func row(_ kind: String, _ cut: OutageCut, _ seconds: Samples) -> Row {
    let remark = cut.kind == .silent ? ", silent" : ""
    return Row(
      name: "\(kind), back after \(cut.seconds) s\(remark)", measured: seconds.median.duration, judged: seconds,
      target: cut.kind == .silent ? nil : .atMost(1), unit: "s")
  }
}
