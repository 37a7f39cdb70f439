import Bytes
import Platform
import Records
import Routing
import Support
import Testing

/// With real children, mostly of sh.
struct ExecHandlerTests {
  private let directory = TemporaryDirectory()

  private func handler(_ script: String, timeout: Int = 20_000) -> ExecHandler {
    var configuration = ExecConfiguration(command: ["sh", "-c", script, "sh", directory.path])
    configuration.timeoutMilliseconds = timeout
    return ExecHandler(configuration, route: "test", time: SystemTime())
  }

  private func batch(_ payloads: [String], from first: Offset = 0) -> DeliveryBatch {
    var batch = DeliveryBatch()
    for (index, payload) in payloads.enumerated() {
      let record = OwnedRecord(
        offset: first + Offset(index), timestamp: Timestamp(milliseconds: 0), topic: Array("t".utf8),
        payload: Array(payload.utf8))
      batch.append(record.view)
    }
    return batch
  }

  private func deliver(_ payloads: [String], to handler: ExecHandler, from first: Offset = 0) throws -> DeliveryOutcome
  {
    handler.deliver(batch(payloads, from: first), until: try StopRequest())
  }

  private func written() throws -> [String] {
    let bytes = try FileSystem.read(directory.path + "/got")
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
  }

  @Test func `each record is a line, each line an answer, and the child stays`() throws {
    let handler = handler("echo start >>$1/got; while read -r line; do echo \"$line\" >>$1/got; echo ok; done")
    #expect(try deliver(["1", "on"], to: handler) == DeliveryOutcome(accepted: 2))
    #expect(try deliver(["2"], to: handler, from: 2) == DeliveryOutcome(accepted: 1))
    handler.stop()
    let time = #""time":"1970-01-01T00:00:00.000Z","topic":"t""#
    #expect(
      try written() == [
        "start", #"{"offset":0,\#(time),"payload":1}"#, #"{"offset":1,\#(time),"payload":"on"}"#,
        #"{"offset":2,\#(time),"payload":2}"#,
      ])
  }

  @Test func `a large batch goes through the pipes without either side waiting for ever`() throws {
    let handler = handler("cat")
    let large = String(repeating: "x", count: 20_000)
    #expect(
      try deliver([String](repeating: large, count: 100), to: handler) == DeliveryOutcome(accepted: 100))
  }

  @Test func `error refuses a record, and what is behind it is answered`() throws {
    let handler = handler(
      "while read -r line; do case $line in *bad*) echo error: no sensor;; *) echo ok;; esac; done")
    let outcome = try deliver(["1", "bad", "3"], to: handler)
    #expect(outcome.accepted == 1)
    #expect(outcome.problem == .record("no sensor"))
    // How far the lines had been sent ahead when the answer came is a matter of timing.
    #expect(outcome.acceptedBeyond.isEmpty || outcome.acceptedBeyond == [2])
    #expect(try deliver(["4"], to: handler) == DeliveryOutcome(accepted: 1))
  }

  @Test func `a child that ends leaves the first record without an answer as failed, with its last words`() throws {
    let handler = handler("read -r line; echo ok; read -r line; echo warming up >&2; echo sensor on fire >&2; exit 4")
    #expect(
      try deliver(["1", "2", "3"], to: handler)
        == DeliveryOutcome(accepted: 1, problem: .record("sh: exit status 4: sensor on fire")))
    // The next delivery has a new child.
    #expect(try deliver(["2"], to: handler) == DeliveryOutcome(accepted: 1))
  }

  @Test(arguments: [75, 126, 127])
  func `a child can take the blame by its exit status`(status: Int) throws {
    let outcome = try deliver(["1"], to: handler("exit \(status)"))
    #expect(outcome == DeliveryOutcome(accepted: 0, problem: .handler("sh: exit status \(status)")))
  }

  @Test func `a program that cannot be started is to blame itself`() throws {
    let handler = ExecHandler(ExecConfiguration(command: ["/nowhere/siren"]), route: "test", time: SystemTime())
    #expect(
      try deliver(["1"], to: handler)
        == DeliveryOutcome(
          accepted: 0, problem: .handler("cannot start /nowhere/siren: No such file or directory")))
  }

  @Test func `a child that does not answer is killed`() throws {
    let handler = handler("read -r line; echo ok; sleep 1000", timeout: 200)
    #expect(
      try deliver(["1", "2"], to: handler)
        == DeliveryOutcome(accepted: 1, problem: .record("sh: no answer for 0.2 s, killed")))
  }

  @Test func `a child that ended between two batches is the fault of no record`() throws {
    let handler = handler("echo start >>$1/got; read -r line; echo ok; exit 1")
    for offset in 0..<3 {
      #expect(try deliver(["x"], to: handler, from: Offset(offset)) == DeliveryOutcome(accepted: 1))
    }
    #expect(try written().count == 3)
  }

  @Test func `what a child says unasked answers nothing`() throws {
    let handler = handler("read -r line; echo ok; echo ready; echo steady; while read -r line; do echo error; done")
    #expect(try deliver(["1"], to: handler) == DeliveryOutcome(accepted: 1))
    let wakeUp = try WakeUp()
    // Both lines may come at once or one after the other.
    handler.rest(until: wakeUp, milliseconds: 1000)
    handler.rest(until: wakeUp, milliseconds: 100)
    #expect(try deliver(["2"], to: handler).accepted == 0)
  }

  @Test func `a stop lets the child answer what it has, and interrupts the rest`() throws {
    let handler = handler("read -r line; sleep 0.3; echo ok; cat >/dev/null; echo end >>$1/got")
    let stop = try StopRequest()
    let thread = NamedThread.start("stop") {
      SystemTime().sleep(milliseconds: 100)
      stop.make()
    }
    // More than the pipe takes: the rest has not been sent when the stop comes.
    let outcome = handler.deliver(
      batch([String](repeating: String(repeating: "x", count: 1000), count: 300)), until: stop)
    thread.join()
    #expect(outcome == DeliveryOutcome(accepted: 1, problem: .interrupted))
    handler.stop()
    #expect(try written() == ["end"])
  }

  @Test func `resting ends with the wake-up`() throws {
    let handler = handler("while read -r line; do echo ok; done")
    _ = try deliver(["1"], to: handler)
    let wakeUp = try WakeUp()
    wakeUp.signal()
    handler.rest(until: wakeUp, milliseconds: -1)
    #expect(!wakeUp.wait(milliseconds: 0))
    handler.stop()
  }
}
