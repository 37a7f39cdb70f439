package import Platform
package import Storage

/// The running ingress: MQTT listeners and UDP sockets, served by one thread or, as `mqtt.threads` says, by several. Any thread.
package final class Ingress: Sendable {
  /// The addresses as bound, with the ports the kernel chose where port 0 was asked for; in the order of the configuration.
  package let mqttAddresses: [String]
  package let udpAddresses: [String]

  private let common: IngressCommon
  private let users: AccountsFile?
  private let threads: [IngressThread]

  private init(_ common: IngressCommon, _ started: Started) {
    self.common = common
    users = common.configuration.mqtt?.users.map { AccountsFile($0) }
    mqttAddresses = started.mqttAddresses
    udpAddresses = started.udpAddresses
    threads = started.threads
  }

  private struct Started {
    var mqttAddresses: [String] = []
    var udpAddresses: [String] = []
    var threads: [IngressThread] = []
  }

  /// Binds every address and starts the threads: clients can connect when it returns.
  /// - Parameter activated: sockets that are listening already; those at addresses of `mqtt.listen` are taken out of it.
  package static func start(
    _ configuration: IngressConfiguration, log: Log, time: any TimeSource = SystemTime(),
    activated: inout ActivatedSockets
  ) throws(IngressError) -> Ingress {
    let homes = ClientHomes(threads: configuration.mqtt?.threads ?? 1)
    var state = configuration.mqtt.map { ListenerState.recover($0, log) }
    let parts = state?.takeParts(homes) ?? [ListenerState.Part()]
    let common = try IngressCommon(configuration, homes, state?.retained, log: log, time: time)
    do throws(IngressError) {
      return Ingress(common, try start(0, common, parts, sharing: [], &activated))
    } catch {
      common.mqtt?.passwords?.stop()
      throw error
    }
  }

  /// Makes the loop `index` and those after it. All are made before the first of them runs, or none runs.
  /// - Parameter addresses: where the first listens and others may, too.
  private static func start(
    _ index: Int, _ common: IngressCommon, _ parts: [ListenerState.Part], sharing addresses: [SocketAddress],
    _ activated: inout ActivatedSockets
  ) throws(IngressError) -> Started {
    guard index < parts.count else { return Started() }
    let loop = try IngressLoop(index, common, parts[index], sharing: addresses, &activated)
    let (mqttAddresses, udpAddresses) = (loop.mqttAddresses, loop.udpAddresses)
    let shared = index == 0 ? loop.sharedAddresses : addresses
    var started = try start(index + 1, common, parts, sharing: shared, &activated)
    started.threads.insert(IngressThread(index, loop), at: 0)
    if index == 0 { (started.mqttAddresses, started.udpAddresses) = (mqttAddresses, udpAddresses) }
    return started
  }

  /// The same, with sockets of its own alone.
  package static func start(
    _ configuration: IngressConfiguration, log: Log, time: any TimeSource = SystemTime()
  ) throws(IngressError) -> Ingress {
    var none = ActivatedSockets()
    return try start(configuration, log: log, time: time, activated: &none)
  }

  /// Of all threads together.
  package var status: IngressStatus {
    var status = IngressStatus()
    for thread in threads { status.add(thread.shared.snapshot) }
    guard let mqtt = common.mqtt else { return status }
    status.mqtt.retained = mqtt.retained.count
    if let passwords = mqtt.passwords { status.mqtt.passwords = passwords.status }
    return status
  }

  /// The MQTT clients, those that are connected first, by client id; then those with a session that waits. Nil where an ingress
  /// thread does not answer within two seconds.
  package func clients() -> [ClientStatus]? {
    let questions = threads.map { $0.shared.askForClients() }
    var clients: [ClientStatus] = []
    for (thread, question) in zip(threads, questions) {
      guard let answer = thread.shared.waitForClients(question, milliseconds: 2000) else { return nil }
      clients += answer
    }
    return clients.sorted { ($0.address == nil ? 1 : 0, $0.clientID) < ($1.address == nil ? 1 : 0, $1.clientID) }
  }

  /// Reads the users file again. Clients whose line is gone or another have to log in again; when it throws, nothing has
  /// changed.
  /// - Returns: how many users there are; nil: there is no users file.
  package func rereadUsers() throws(AccountsError) -> Int? {
    guard let users, let passwords = common.mqtt?.passwords else { return nil }
    let accounts = try users.read()
    passwords.replace(accounts)
    return accounts.count
  }

  /// Stops reading, waits briefly for the acknowledgements that are due, closes every connection and ends the threads.
  /// Does nothing the second time.
  package func stop() {
    for thread in threads { thread.shared.stop() }
    for thread in threads { thread.join() }
    common.mqtt?.passwords?.stop()
  }
}
