import Platform

extension Command {
  static let segments = Command(
    name: "segments",
    summary: "ways to get the next segment file: what each costs in latency, throughput and flash",
    details: [
      "The same appends into a file that is preallocated with fallocate, as the log does it; that was written before and"
        + "\n  is overwritten; and that was filled with zeros ahead of time. The reference is the first of them.",
      "Batches of three sizes, an fdatasync after each: its median and the slowest of a hundred, and how many bytes the"
        + "\n  disk is given for each byte appended, preparation included. Other programs' writes count, too.",
    ],
    run: { options in
      let scratch = try ScratchDirectory(in: options.directory)
      var table = Table(title: "segments: " + Machine.description(directory: scratch.path))
      try SegmentComparison(scratch.path, options).run(&table)
      return true
    })
}
