/// A line that is cut for some time, and how often that is done.
struct OutageCut: Hashable {
  enum Kind: String {
    /// The machine has no link: nothing can be sent, and when it is back the system tells.
    case link
    /// Somewhere further on: what is sent is lost, and nobody tells anything.
    case silent
  }

  let kind: Kind
  let seconds: Int
  let rounds: Int

  init(_ kind: Kind, seconds: Int, rounds: Int) {
    self.kind = kind
    self.seconds = seconds
    self.rounds = rounds
  }

  var word: String { "\(kind.rawValue):\(seconds):\(rounds)" }

  init?(_ word: String) {
    let parts = word.split(separator: ":").map(String.init)
    guard parts.count == 3, let kind = Kind(rawValue: parts[0]), let seconds = Int(parts[1]), let rounds = Int(parts[2])
    else { return nil }
    self.init(kind, seconds: seconds, rounds: rounds)
  }
}

/// One uplink's way back after a cut, as the part inside prints it.
struct OutageSample {
  let cut: OutageCut
  let uplink: String
  let seconds: Double

  init(_ cut: OutageCut, uplink: String, seconds: Double) {
    self.cut = cut
    self.uplink = uplink
    self.seconds = seconds
  }

  var line: String { "sample \(cut.word) \(uplink) \(seconds)" }

  init?(_ line: String) {
    let words = line.split(separator: " ").map(String.init)
    guard words.count == 4, words[0] == "sample", let cut = OutageCut(words[1]), let seconds = Double(words[3]) else {
      return nil
    }
    self.init(cut, uplink: words[2], seconds: seconds)
  }
}
