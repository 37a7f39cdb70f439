import Records
import Testing
import Uplink

struct LanesTests {
  @Test func `what is left behind is cut beside what comes, and nothing twice`() {
    var lanes = Lanes(live: 100)
    lanes.leaveBehind(upTo: 1000)
    #expect(lanes == Lanes(live: 1000, backlog: [100..<1000]))
    lanes.advance(.backlog, to: 300)
    lanes.advance(.live, to: 1200)
    // Another outage.
    lanes.leaveBehind(upTo: 2000)
    #expect(lanes == Lanes(live: 2000, backlog: [300..<1000, 1200..<2000]))
    #expect(lanes.first == 300 && lanes.count(upTo: 2010) == 700 + 800 + 10)
    // What was passed over may reach over the end of a range.
    lanes.advance(.backlog, to: 1000)
    lanes.advance(.backlog, to: 2000)
    #expect(lanes == Lanes(live: 2000) && lanes.next(in: .backlog) == nil)
  }

  @Test func `what is left behind twice without anything between is one range`() {
    var lanes = Lanes(live: 100)
    lanes.leaveBehind(upTo: 1000)
    lanes.leaveBehind(upTo: 1500)
    lanes.leaveBehind(upTo: 1500)
    #expect(lanes == Lanes(live: 1500, backlog: [100..<1500]))
  }

  @Test func `behind sixteen ranges live records wait`() {
    var lanes = Lanes(live: 0)
    for index in 0..<Int64(Lanes.maximumRanges) {
      lanes.leaveBehind(upTo: index * 10 + 5)
      lanes.advance(.live, to: index * 10 + 10)
    }
    let before = lanes
    lanes.leaveBehind(upTo: 5000)
    #expect(lanes == before && lanes.backlog.count == Lanes.maximumRanges)
  }

  @Test(
    arguments: [
      ("the newest live one", Lanes(live: 50), Shipment(first: 40, end: 50), Lane.live, Lanes(live: 40)),
      (
        "a live one, with others left behind since", Lanes(live: 50, backlog: [40..<50]), Shipment(first: 30, end: 40),
        .live, Lanes(live: 50, backlog: [30..<50])
      ),
      (
        "the newest of the backlog", Lanes(live: 50, backlog: [20..<30]), Shipment(first: 10, end: 20), .backlog,
        Lanes(live: 50, backlog: [10..<30])
      ),
      (
        "the last of a range", Lanes(live: 50, backlog: [30..<40]), Shipment(first: 10, end: 20), .backlog,
        Lanes(live: 50, backlog: [10..<20, 30..<40])
      ),
      (
        "the last of all", Lanes(live: 50), Shipment(first: 10, end: 20), .backlog,
        Lanes(live: 50, backlog: [10..<20])
      ),
    ])
  func `a shipment that was never sent is uncut again`(
    name: String, lanes: Lanes, shipment: Shipment, lane: Lane, expected: Lanes
  ) {
    var lanes = lanes
    lanes.giveBack(shipment, to: lane)
    #expect(lanes == expected)
  }
}
