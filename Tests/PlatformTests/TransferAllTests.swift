import Glibc
import Platform
import Testing

/// A read or write that the kernel does in pieces: one row a script of what its calls return.
struct TransferAllTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    /// Bytes moved, or an errno as a negative number.
    let script: [Int]
    let count: Int
    /// How many bytes were done when each call began.
    let calls: [Int]
    var result: Result<Int, SystemError>
    var testDescription: String { name }
  }

  static let cases = [
    Case(name: "all at once", script: [10], count: 10, calls: [0], result: .success(10)),
    Case(name: "nothing to do", script: [], count: 0, calls: [], result: .success(0)),
    Case(name: "piece by piece", script: [3, 1, 6], count: 10, calls: [0, 3, 4], result: .success(10)),
    Case(name: "interrupted before anything", script: [-4, 10], count: 10, calls: [0, 0], result: .success(10)),
    Case(
      name: "interrupted between the pieces", script: [3, -4, -4, 7], count: 10, calls: [0, 3, 3, 3],
      result: .success(10)),
    Case(name: "the end of the file", script: [3, 0], count: 10, calls: [0, 3], result: .success(3)),
    Case(
      name: "an error behind a piece", script: [3, -28], count: 10, calls: [0, 3],
      result: .failure(SystemError("pwrite", "/f", errno: 28))),
  ]

  @Test(arguments: cases)
  func `a transfer goes on until all is moved, an error, or nothing moves`(_ row: Case) {
    var script = row.script[...]
    var calls: [Int] = []
    let result = Result { () throws(SystemError) in
      try transferAll(row.count, "pwrite", "/f") { done in
        calls.append(done)
        let next = script.removeFirst()
        if next < 0 { errno = Int32(-next) }
        return max(next, -1)
      }
    }
    #expect(result == row.result)
    #expect(calls == row.calls)
    #expect(script.isEmpty)
  }
}
