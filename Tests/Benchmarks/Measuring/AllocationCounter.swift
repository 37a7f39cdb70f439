import CAllocationCount

/// What the process takes from the heap, of all threads.
enum AllocationCounter {
  /// Calls of malloc and its kin so far.
  static var count: Int { Int(allocation_count()) }
}
