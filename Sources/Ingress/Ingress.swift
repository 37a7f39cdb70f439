package import Platform
package import Storage
import Synchronization

/// The running ingress: MQTT listeners and UDP sockets, served by one thread. Any thread.
package final class Ingress: Sendable {
  /// The addresses as bound, with the ports the kernel chose where port 0 was asked for; in the order of the configuration.
  package let mqttAddresses: [String]
  package let udpAddresses: [String]

  private let shared: IngressShared
  private let users: AccountsFile?
  private let passwords: PasswordCheck?
  private let thread: Mutex<NamedThread?>

  private init(
    _ shared: IngressShared, mqttAddresses: [String], udpAddresses: [String], _ users: AccountsFile?,
    _ passwords: PasswordCheck?, _ thread: consuming NamedThread
  ) {
    self.shared = shared
    self.users = users
    self.passwords = passwords
    self.mqttAddresses = mqttAddresses
    self.udpAddresses = udpAddresses
    self.thread = Mutex(consume thread)
  }

  /// Binds every address and starts the thread: clients can connect when it returns.
  /// - Parameter activated: sockets that are listening already; those at addresses of `mqtt.listen` are taken out of it.
  package static func start(
    _ configuration: IngressConfiguration, log: Log, time: any TimeSource = SystemTime(),
    activated: inout ActivatedSockets
  ) throws(IngressError) -> Ingress {
    let loop = try IngressLoop(configuration, log: log, time: time, &activated)
    let shared = loop.shared
    let mqttAddresses = loop.mqttAddresses
    let udpAddresses = loop.udpAddresses
    let users = configuration.mqtt?.users.map { AccountsFile($0) }
    let passwords = loop.passwords
    let thread = NamedThread.start("ingress") { loop.run() }
    return Ingress(
      shared, mqttAddresses: mqttAddresses, udpAddresses: udpAddresses, users, passwords, thread)
  }

  /// The same, with sockets of its own alone.
  package static func start(
    _ configuration: IngressConfiguration, log: Log, time: any TimeSource = SystemTime()
  ) throws(IngressError) -> Ingress {
    var none = ActivatedSockets()
    return try start(configuration, log: log, time: time, activated: &none)
  }

  package var status: IngressStatus { shared.snapshot }

  /// The MQTT clients, connected or with a session that waits. Nil where the ingress thread does not answer within two
  /// seconds.
  package func clients() -> [ClientStatus]? { shared.askForClients(milliseconds: 2000) }

  /// Reads the users file again. Clients whose line is gone or another have to log in again; when it throws, nothing has
  /// changed.
  /// - Returns: how many users there are; nil: there is no users file.
  package func rereadUsers() throws(AccountsError) -> Int? {
    guard let users, let passwords else { return nil }
    let accounts = try users.read()
    passwords.replace(accounts)
    return accounts.count
  }

  /// Stops reading, waits briefly for the acknowledgements that are due, closes every connection and ends the thread.
  /// Does nothing the second time.
  package func stop() {
    shared.stop()
    let running = thread.withLock { $0.take() }
    if let running { running.join() }
  }
}
