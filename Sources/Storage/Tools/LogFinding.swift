package import Records

/// One thing that a check of the log has found: where, what it is, and what to do about it.
package struct LogFinding: Hashable, Sendable {
  package enum Kind: String, Hashable, Sendable {
    /// Something that should be readable and is not, or contradicts the rest.
    case damage
    /// Offsets whose records were lost earlier, and are noted as lost: nothing to repair.
    case lost
    /// Worth knowing, and harmless: it mends itself, or is rebuilt.
    case remark
  }

  /// What a repair does about it.
  package enum Treatment: Hashable, Sendable {
    /// Writes the segment anew, without the damage.
    case mend
    /// Leaves it to what every start does.
    case recover
    /// Removes the file, which is made anew.
    case remove
    /// Moves the cursor into the log, or sets it aside where it cannot be read.
    case moveCursor
    case none
  }

  package let kind: Kind
  /// The file, from the data directory on: `log/00000000000000000000.log`.
  package let file: String
  /// Where in the file; nil: the file as a whole.
  package let bytes: Range<Int>?
  /// The offsets it is about; nil where none can be named.
  package let offsets: Range<Offset>?
  /// What is wrong, in lower case, without a full stop.
  package let problem: String
  /// What to do about it, the same.
  package let remedy: String
  package let treatment: Treatment

  init(
    _ kind: Kind, file: String, bytes: Range<Int>? = nil, offsets: Range<Offset>? = nil, problem: String,
    remedy: String, treatment: Treatment = .none
  ) {
    self.kind = kind
    self.treatment = treatment
    self.file = file
    self.bytes = bytes
    self.offsets = offsets
    self.problem = problem
    self.remedy = remedy
  }

  static let repair = "stop the daemon and run `forebay log repair`, which keeps the intact records around it"
}
