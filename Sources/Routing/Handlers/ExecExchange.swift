/// What was sent to a child of one batch, and what it has answered. Does no input or output.
///
/// Lines are sent ahead of the answers. After the first refusal no further line is begun, but those begun are finished
/// and answered: whatever the child accepted of them must not be delivered again.
package struct ExecExchange: Sendable {
  /// Where each line ends in the bytes to send.
  private let lineEnds: [Int]
  /// Bytes the child has taken.
  package private(set) var sent = 0
  /// Lines of which the child has taken at least the first byte.
  private var begun = 0
  package private(set) var answered = 0
  private var refusal: (index: Int, reason: String)?
  private var acceptedBeyond: [Int] = []
  private var isStopping = false

  package init(lineEnds: [Int]) {
    self.lineEnds = lineEnds
  }

  /// The bytes that may be sent now.
  package var sendable: Range<Int> {
    let isEnding = isStopping || refusal != nil
    let end = isEnding ? (begun > 0 ? lineEnds[begun - 1] : 0) : (lineEnds.last ?? 0)
    return sent..<max(sent, end)
  }

  /// Whether everything that was begun has been sent and answered, and nothing more will be sent.
  package var isComplete: Bool { sendable.isEmpty && answered == begun }

  /// The child took `count` more bytes.
  package mutating func didSend(_ count: Int) {
    sent += count
    while begun < lineEnds.count, (begun == 0 ? 0 : lineEnds[begun - 1]) < sent { begun += 1 }
  }

  /// The child answered the next record.
  /// - Returns: false where there is no record to answer.
  package mutating func take(answer: ExecAnswer) -> Bool {
    guard answered < begun else { return false }
    switch answer {
    case .accepted: if refusal != nil { acceptedBeyond.append(answered) }
    case .refused(let reason): if refusal == nil { refusal = (answered, reason) }
    }
    answered += 1
    return true
  }

  /// No further line is begun.
  package mutating func stopSending() {
    isStopping = true
  }

  /// What became of the batch.
  /// - Parameter failure: why there will be no more answers, where some are missing.
  package func outcome(failure: DeliveryProblem?) -> DeliveryOutcome {
    if let refusal {
      return DeliveryOutcome(
        accepted: refusal.index, problem: .record(refusal.reason), acceptedBeyond: acceptedBeyond)
    }
    return DeliveryOutcome(accepted: answered, problem: answered == lineEnds.count ? nil : failure)
  }
}

/// One line of a child's output: `error` and a reason refuses the record, anything else accepts it.
package enum ExecAnswer: Hashable, Sendable {
  case accepted
  case refused(String)

  package init(line: String) {
    let word = "error"
    guard line.hasPrefix(word) else {
      self = .accepted
      return
    }
    let reason = line.dropFirst(word.count).drop { $0 == ":" || $0.isWhitespace }
    self = .refused(reason.isEmpty ? "the handler refused it" : String(reason))
  }
}
