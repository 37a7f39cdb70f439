/// What the password check has done since it started.
package struct PasswordCheckStatus: Hashable, Sendable {
  package var accepted = 0
  /// Unknown users and wrong passwords.
  package var refused = 0
  /// Not looked at, since the address had given too many wrong ones.
  package var tooManyFailures = 0
  /// Not looked at, since too many waited.
  package var busy = 0
  /// Waiting for their turn, now.
  package var waiting = 0

  package init() {}
}
