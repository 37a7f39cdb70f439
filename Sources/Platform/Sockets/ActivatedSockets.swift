import Glibc

/// Listening sockets that systemd has made and handed over at the start (sd_listen_fds(3), by hand). One owner.
///
/// Who wants one takes it by its address or its name; what nobody has taken is closed with this value.
package struct ActivatedSockets: ~Copyable, Sendable {
  /// One that has not been taken.
  package struct Entry: Hashable, Sendable {
    /// `FileDescriptorName=` of its unit; by default the unit's name: `forebay.socket`.
    package let name: String
    package let address: ListenAddress
    fileprivate let raw: CInt
  }

  /// In the order of the unit's lines.
  package private(set) var entries: [Entry] = []
  /// Why some of those handed over are not among `entries`, and what to do: a sentence each. They are closed.
  package private(set) var problems: [String] = []

  /// Where systemd puts the first one, behind the standard streams.
  package static let firstDescriptor: CInt = 3

  /// None.
  package init() {}

  /// - Parameters:
  ///   - process: `LISTEN_PID`: whom they are for. Those for somebody else are left alone.
  ///   - count: `LISTEN_FDS`
  ///   - names: `LISTEN_FDNAMES`: separated by colons.
  package init(process: String?, count: String?, names: String?, firstDescriptor: CInt = Self.firstDescriptor) {
    guard let process, Int(process) == CurrentProcess.identifier else { return }
    guard let count = count.flatMap({ CInt($0) }), count > 0 else { return }
    let names = names?.split(separator: ":", omittingEmptySubsequences: false).map(String.init) ?? []
    for index in 0..<count {
      let (raw, overflow) = firstDescriptor.addingReportingOverflow(index)
      guard !overflow, fcntl(raw, F_GETFD) >= 0 else {
        problems.append("systemd says it handed over \(count) sockets, but there are \(index); start the service anew")
        return
      }
      let name = Int(index) < names.count ? names[Int(index)] : "unknown"
      add(raw, name)
    }
  }

  deinit {
    for entry in entries { close(entry.raw) }
  }

  private mutating func add(_ raw: CInt, _ name: String) {
    do throws(SystemError) {
      let descriptor = FileDescriptor(owning: raw)
      let address = try ListeningSocket.adoptableAddress(descriptor)
      entries.append(Entry(name: name, address: address, raw: descriptor.release()))
    } catch {
      problems.append(
        "what systemd handed over as `\(name)` (descriptor \(raw)) is no listening TCP or Unix stream socket; "
          + "write ListenStream= and Accept=no in its socket unit (\(error.reason))")
    }
  }

  /// The one that is bound to `address`; nil where there is none.
  package mutating func take(_ address: ListenAddress) -> ListeningSocket? {
    take { $0.address == address }
  }

  /// The first of that name; nil where there is none left.
  package mutating func take(named name: String) -> ListeningSocket? {
    take { $0.name == name }
  }

  private mutating func take(where matches: (Entry) -> Bool) -> ListeningSocket? {
    guard let index = entries.firstIndex(where: matches) else { return nil }
    // It was found to be one, so this does not fail.
    return try? ListeningSocket(adopting: entries.remove(at: index).raw)
  }
}
