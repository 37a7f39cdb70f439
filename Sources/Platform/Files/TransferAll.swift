/// Repeats a read or write that may move fewer bytes than asked for, until all `count` are moved or a call moves none:
/// the end of a file. Interrupted calls are repeated.
/// - Parameter call: gets how many bytes are done and moves some of the rest; negative, with `errno`, for an error.
/// - Returns: how many bytes were moved.
package func transferAll(
  _ count: Int, _ name: String, _ subject: @autoclosure () -> String = "", _ call: (_ done: Int) -> Int
) throws(SystemError) -> Int {
  var done = 0
  while done < count {
    let moved = try retryingInterrupts(name, subject()) { call(done) }
    if moved == 0 { break }
    done += moved
  }
  return done
}
