/// Numbers in decimal digits, one behind the other, without a division for each. One owner, one thread.
struct DecimalCounter: ~Copyable {
  private let memory: UnsafeMutableRawBufferPointer
  private var start: Int

  private static let capacity = 20
  private static let zero = UInt8(ascii: "0")

  /// - Parameter number: not negative.
  init(_ number: Int64) {
    precondition(number >= 0)
    memory = .allocate(byteCount: Self.capacity, alignment: 1)
    start = Self.capacity
    var rest = number
    repeat {
      start -= 1
      memory[start] = Self.zero + UInt8(rest % 10)
      rest /= 10
    } while rest > 0
  }

  deinit {
    memory.deallocate()
  }

  /// How many digits there are.
  var count: Int { Self.capacity - start }

  /// Writes the digits to `room`, which has space for them.
  func write(to room: UnsafeMutableRawPointer) {
    room.copyMemory(from: memory.baseAddress! + start, byteCount: count)
  }

  mutating func increment() {
    var place = Self.capacity - 1
    while place >= start, memory[place] == Self.zero + 9 {
      memory[place] = Self.zero
      place -= 1
    }
    if place >= start {
      memory[place] += 1
    } else {
      start -= 1
      memory[start] = Self.zero + 1
    }
  }
}
