import Platform

extension ForebayProcess {
  /// Publishes `count` messages `message N …` of `payloadBytes` to `plant/0/temp` … `plant/9/temp` at QoS 1, N from
  /// `first` on, and waits until all are acknowledged.
  package func publish(_ count: Int, from first: Int = 0, payloadBytes: Int = 200) throws {
    let client = try MQTTTestClient(port: mqttPort, clientID: "publisher")
    var acknowledged = 0
    while acknowledged < count {
      var bytes: [UInt8] = []
      let window = min(500, count - acknowledged)
      for index in 0..<window {
        let number = first + acknowledged + index
        let text = "message \(number) "
        bytes += MQTTTestClient.publish(
          topic: "plant/\(number % 10)/temp",
          payload: text + String(repeating: "x", count: max(0, payloadBytes - text.utf8.count)), qos: 1,
          identifier: UInt16(index + 1))
      }
      try client.send(bytes)
      for _ in 0..<window {
        guard try client.read(milliseconds: 10_000) != nil else { throw TestFailure("no acknowledgement") }
      }
      acknowledged += window
    }
  }

  /// The paths of the log's segments, oldest first.
  package var segments: [String] {
    ((try? LocalDisk().list(data + "/log")) ?? []).filter { $0.hasSuffix(".log") }.map { data + "/log/" + $0 }
  }
}
