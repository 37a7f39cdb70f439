import Platform

/// Where a log is kept when nobody says where.
package enum DataDirectory {
  package static let local = "./forebay-data"
  package static let installed = "/var/lib/forebay"

  /// For commands that read: $FOREBAY_DATA, else the first of the two usual places that is there.
  package static func find() -> String {
    if let named = CurrentProcess.environment("FOREBAY_DATA"), !named.isEmpty { return named }
    return !FileSystem.isDirectory(local) && FileSystem.isDirectory(installed) ? installed : local
  }
}
