import Platform
import Storage

/// The ingress thread: waits for sockets and for the commit, and gives each its turn.
///
/// A turn reads what there is, within budgets; hands it to the commit; passes on what has become durable meanwhile; and
/// sends, once for each connection that has something to be sent. One thread.
final class IngressLoop {
  let shared: IngressShared
  private let time: any TimeSource
  private var context: LoopContext
  private let mqtt: MQTTListener?
  private let udp: [UDPListener]
  private var turns = 0
  private var lastTick: Int64

  private static let longestWaitMilliseconds = 1000
  private static let tickNanoseconds: Int64 = 500_000_000
  private static let stopMilliseconds = 2000

  init(
    _ configuration: IngressConfiguration, log: Log, time: any TimeSource, _ activated: inout ActivatedSockets
  ) throws(IngressError) {
    var context = try LoopContext.make(log, time)
    shared = IngressShared(wakeUp: context.wakeUp, IngressStatus())
    mqtt = if let mqtt = configuration.mqtt { try MQTTListener(mqtt, &activated, &context) } else { nil }
    var udp: [UDPListener] = []
    for (index, listener) in configuration.udp.enumerated() {
      udp.append(try UDPListener(listener, index: index, &context))
    }
    self.udp = udp
    self.time = time
    lastTick = context.now
    self.context = consume context
    publish()
  }

  var passwords: PasswordCheck? { mqtt?.passwords }
  var mqttAddresses: [String] { mqtt?.addresses ?? [] }
  var udpAddresses: [String] { udp.map(\.status.address) }

  func run() {
    while !shared.isStopping {
      wait()
      mqtt?.takeVerdicts(&context)
      mqtt?.releaseHeld(&context)
      tickIfDue()
      context.flush()
      mqtt?.passOn(&context)
      publish()
      if shared.isAskedForClients { shared.answer(mqtt?.clientStatuses(context.log, now: context.now) ?? []) }
    }
    finish()
  }

  /// Waits for events and takes care of them.
  private func wait() {
    let isBusy = mqtt?.hasMoreToDeliver ?? false
    let milliseconds = isBusy ? 0 : Self.longestWaitMilliseconds
    guard context.mayRead else {
      // Nothing is read until the commit has made room, of which it tells.
      _ = context.wakeUp.wait(milliseconds: milliseconds)
      context.refreshTime(time)
      context.lastStall = context.now
      return
    }
    let count: Int
    do throws(SystemError) {
      count = try context.poller.wait(milliseconds: milliseconds)
    } catch {
      // Only a defect of ours makes epoll fail.
      preconditionFailure("\(error)")
    }
    context.refreshTime(time)
    for index in 0..<count { handle(context.poller.event(at: index)) }
  }

  private func handle(_ event: Poller.Event) {
    switch EventToken(event.token) {
    case .wakeUp: context.wakeUp.acknowledge()
    case .mqttListener(let index): mqtt?.accept(at: index, &context)
    case .udpListener(let index): udp[index].receive(&context)
    case .connection(let id):
      mqtt?.handle(id, isReadable: event.isReadable, isWritable: event.isWritable, &context)
    }
  }

  private func tickIfDue() {
    guard context.now - lastTick >= Self.tickNanoseconds else { return }
    lastTick = context.now
    mqtt?.tick(&context)
    for listener in udp { listener.reportGaps(&context) }
  }

  private func publish() {
    turns += 1
    shared.publish { status in
      status.turns = turns
      if let mqtt { status.mqtt = mqtt.status }
      if status.udp.count != udp.count { status.udp = udp.map(\.status) }
      for index in udp.indices { status.udp[index] = udp[index].status }
    }
  }

  /// Lets what has been read become durable and be acknowledged, for a while, and closes everything.
  private func finish() {
    for listener in udp { listener.reportGaps(&context, isLast: true) }
    mqtt?.reportLostWills(&context, isLast: true)
    context.flush()
    context.log.offRefusal(context.wakeUp)
    let end = time.monotonicNanoseconds() + Int64(Self.stopMilliseconds) * 1_000_000
    while context.appender.durableTickets < context.appender.appendedTickets, context.log.failure == nil,
      !context.log.isRefusing
    {
      let left = (end - time.monotonicNanoseconds()) / 1_000_000
      guard left > 0 else { break }
      _ = context.wakeUp.wait(milliseconds: min(Int(left) + 1, 100))
    }
    mqtt?.stop(&context)
    publish()
  }
}
