import Storage

extension Command {
  static let fill = Command(
    name: "fill",
    summary: "makes a large log of JSON telemetry to try things on, and keeps it",
    details: [
      "Benchmarks fill --directory DIR --bytes 10737418240: DIR is then a data directory for `forebay query --data DIR`."
    ],
    run: { options in
      guard let directory = options.directory else {
        throw BenchmarkError.usage("fill needs to know where: --directory DIR")
      }
      var configuration = LogConfiguration(directory: directory)
      configuration.maxBytes = options.bytes * 4
      let log = try Log.open(configuration, startsThreads: false)
      defer { log.close() }
      var filling = Filling(log)
      while filling.rawBytes < options.bytes { try filling.step() }
      // A daemon writes the indexes of closed segments at once, and seals them one by one: the first is enough here.
      _ = log.sealStep()
      return true
    })
}
