import Platform
import Synchronization

/// What one ingress thread and whoever asks it share.
final class IngressShared: Sendable {
  let wakeUp: WakeUp
  private let status: Mutex<IngressStatus>
  private let mustStop = Atomic(false)
  private let question = Condition(Question())

  /// Who its clients are: asked by any thread, answered by the ingress thread at the end of a turn.
  private struct Question {
    var asked = 0
    var answered = 0
    var clients: [ClientStatus] = []
  }

  init(wakeUp: WakeUp, _ status: IngressStatus) {
    self.wakeUp = wakeUp
    self.status = Mutex(status)
  }

  var isStopping: Bool { mustStop.load(ordering: .acquiring) }

  func stop() {
    mustStop.store(true, ordering: .releasing)
    wakeUp.signal()
  }

  /// - Returns: the question's number, to wait for its answer.
  func askForClients() -> Int {
    let number = question.withLock { question in
      question.asked += 1
      return question.asked
    }
    wakeUp.signal()
    return number
  }

  /// Nil where the ingress thread does not answer in time.
  func waitForClients(_ number: Int, milliseconds: Int) -> [ClientStatus]? {
    question.wait(milliseconds: milliseconds) { $0.answered >= number ? $0.clients : nil }
  }

  /// Somebody has asked, and was not answered.
  var isAskedForClients: Bool { question.withLock { $0.asked > $0.answered } }

  func answer(_ clients: [ClientStatus]) {
    question.withLock { question in
      question.clients = clients
      question.answered = question.asked
    }
    question.broadcast()
  }

  var snapshot: IngressStatus { status.withLock { $0 } }

  /// Changes the snapshot in place: nothing is copied unless somebody looks at the last one still.
  func publish(_ change: (inout IngressStatus) -> Void) {
    status.withLock { change(&$0) }
  }
}
