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
