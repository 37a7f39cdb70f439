import Platform
import Storage

/// An ingress thread: waits for sockets and for the commit, and gives each its turn.
///
/// A turn reads what there is, within budgets; hands it to the commit; passes on what has become durable meanwhile; and
/// sends, once for each connection that has something to be sent. One thread.
final class IngressLoop {
  let shared: IngressShared
  private let index: Int
  private let common: IngressCommon
  private let time: any TimeSource
  private var context: LoopContext
  private let mqtt: MQTTListener?
  private let udp: [UDPListener]
  private var turns = 0
  private var lastTick: Int64

  private static let longestWaitMilliseconds = 1000
  private static let tickNanoseconds: Int64 = 500_000_000
  private static let stopMilliseconds = 2000
  private static let graceMilliseconds = 3000

  /// - Parameters:
  ///   - index: 0 for the first, which alone has UDP sockets, and listeners that there can be only one of.
  ///   - part: what was there when the server last stopped, as far as it is this thread's.
  ///   - addresses: where the first one listens and this one does, too.
  init(
    _ index: Int, _ common: IngressCommon, _ part: ListenerState.Part, sharing addresses: [SocketAddress],
    _ activated: inout ActivatedSockets
  ) throws(IngressError) {
    self.index = index
    self.common = common
    var context = try LoopContext.make(common, common.wakeUps[index])
    shared = IngressShared(wakeUp: context.wakeUp, IngressStatus())
    mqtt = if let mqtt = common.mqtt { MQTTListener(index, mqtt, part, &context) } else { nil }
    if index == 0 { try mqtt?.listen(&activated, &context) } else { try mqtt?.listen(sharing: addresses, &context) }
    var udp: [UDPListener] = []
    for (number, listener) in common.configuration.udp.enumerated() where index == 0 {
      udp.append(try UDPListener(listener, index: number, &context))
    }
    self.udp = udp
    time = common.time
    lastTick = context.now
    self.context = consume context
    publish()
  }

  var sharedAddresses: [SocketAddress] { mqtt?.sharedAddresses ?? [] }
  var mqttAddresses: [String] { mqtt?.addresses ?? [] }
  var udpAddresses: [String] { udp.map(\.status.address) }

  func run() {
    while !shared.isStopping {
      wait()
      mqtt?.takeHandedOver(&context)
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
      if status.turns.isEmpty { status.turns = [turns] } else { status.turns[0] = turns }
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
    // What the others hand over to the end is the first one's to write down.
    if index == 0 { common.waitForOthers(milliseconds: Self.stopMilliseconds + Self.graceMilliseconds) }
    mqtt?.stop(&context)
    publish()
    common.noteEnd()
  }
}
