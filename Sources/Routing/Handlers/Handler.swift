package import Platform

/// What a route delivers to. Two conformers: `ExecHandler` and `FileHandler`. One owner, the route's thread.
package protocol Handler: AnyObject {
  /// Delivers `batch`, which is not empty, and waits until the handler is done with it, or `stop` is made.
  func deliver(_ batch: borrowing DeliveryBatch, until stop: StopRequest) -> DeliveryOutcome

  /// Sleeps until `wakeUp` is signalled, which is acknowledged, or for `milliseconds` (negative: without end), or less;
  /// sees meanwhile to what the handler does of itself.
  func rest(until wakeUp: WakeUp, milliseconds: Int)

  /// Ends the handler in order, in a few seconds at the most. Nothing is delivered afterwards.
  func stop()
}

extension Handler {
  package func rest(until wakeUp: WakeUp, milliseconds: Int) {
    _ = wakeUp.wait(milliseconds: milliseconds)
  }

  package func stop() {}
}

/// What became of one delivery.
package struct DeliveryOutcome: Hashable, Sendable {
  /// How many records from the front of the batch were accepted.
  package var accepted: Int
  /// Why the record behind them was not; nil where all were accepted.
  package var problem: DeliveryProblem?
  /// Places in the batch, behind that record, of others that were accepted: they must not be delivered again.
  package var acceptedBeyond: [Int] = []

  package init(accepted: Int, problem: DeliveryProblem? = nil, acceptedBeyond: [Int] = []) {
    self.accepted = accepted
    self.problem = problem
    self.acceptedBeyond = acceptedBeyond
  }
}

/// Why a record was not accepted, and who is to blame.
package enum DeliveryProblem: Hashable, Sendable {
  /// The record, as far as can be seen: after some attempts it becomes a dead letter.
  case record(String)
  /// The handler, whatever the record: tried again without end.
  case handler(String)
  /// Nobody: the route is stopping.
  case interrupted
}
