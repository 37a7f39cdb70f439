/// What is wrong with one account, and what to write instead: a sentence.
package struct AccountProblem: Error, Hashable, Sendable, CustomStringConvertible {
  package let description: String

  init(_ description: String) { self.description = description }
}
