import Bytes
import Platform
import Records
import Storage

/// One UDP socket: every datagram becomes a record. One thread, the ingress loop's.
///
/// What cannot become one, since it is too long, or the kernel or the log had no room for it, is counted, and said in the log
/// itself by gap records, of which there is at most one a second for each reason, and none before the log has room again.
final class UDPListener {
  private var socket: DatagramSocket
  private let template: TopicTemplate
  private(set) var status = UDPListenerStatus()

  private var senders: [SocketAddress: Sender] = [:]
  /// Of the last datagram: devices often send several in a row.
  private var lastKey: SocketAddress?
  private var lastSender: Sender?

  private var tooLarge = GapCount(.udpTooLarge)
  private var kernelDrops = GapCount(.udpKernel)
  private var logFull = GapCount(.logFull)

  /// Receiving goes on with the other sockets after so many calls.
  private static let receivesPerTurn = 4
  /// Senders whose topics are kept ready.
  private static let maxSenders = 4096

  /// What is the same for every datagram of a sender, encoded once.
  private final class Sender {
    let topic: [UInt8]
    let headers: RecordHeaders

    init(_ address: SocketAddress, _ template: TopicTemplate) {
      topic = template.resolve(address)
      var headers = RecordHeaders()
      headers.add(RecordHeaderKey.source, "udp:\(address.host)")
      self.headers = headers
    }
  }

  init(
    _ configuration: UDPListenerConfiguration, index: Int, _ context: inout LoopContext
  ) throws(IngressError) {
    do throws(TopicTemplateProblem) {
      template = try TopicTemplate(configuration.topic)
    } catch {
      throw .badTopic(configuration.topic, setting: "udp[\(index)].topic", reason: error.description)
    }
    let setting = "udp[\(index)].listen"
    guard let address = SocketAddress(configuration.listen) else {
      throw .badAddress(configuration.listen, setting: setting)
    }
    do throws(SystemError) {
      socket = try DatagramSocket(
        address, maxDatagramBytes: configuration.maxDatagramBytes,
        receiveBufferBytes: configuration.receiveBufferBytes)
      try context.poller.add(socket.descriptor, .readable, token: EventToken.udpListener(index).raw)
    } catch {
      throw .cannotListen(configuration.listen, setting: setting, error)
    }
    status.address = "\(socket.address)"
  }

  /// Datagrams wait.
  func receive(_ context: inout LoopContext) {
    for _ in 0..<Self.receivesPerTurn where context.mayRead {
      let count: Int
      do throws(SystemError) {
        count = try socket.receive()
      } catch {
        Journal.error("udp: \(error)")
        return
      }
      guard count > 0 else { break }
      for index in 0..<count { store(index, &context) }
    }
    let dropped = socket.takeKernelDrops()
    status.kernelDrops += dropped
    kernelDrops.add(dropped)
    reportGaps(&context)
  }

  private func store(_ index: Int, _ context: inout LoopContext) {
    guard !socket.isTruncated(at: index) else {
      status.tooLarge += 1
      tooLarge.add(1)
      return
    }
    guard !context.isRefusing else {
      status.logFull += 1
      logFull.add(1)
      return
    }
    guard let address = socket.sender(at: index) else { return }
    let sender = sender(at: address)
    socket.withDatagram(at: index) { append($0, topic: sender.topic, headers: sender.headers, &context) }
  }

  private func append(
    _ datagram: RawSpan, topic: [UInt8], headers: RecordHeaders, _ context: inout LoopContext
  ) {
    status.messages += 1
    status.bytes += datagram.byteCount
    context.appender.append(
      topic: topic.span.bytes, payload: datagram, at: context.timestamp, headers: headers)
  }

  private func sender(at address: SocketAddress) -> Sender {
    let key = template.usesPort ? address : address.withoutPort
    if key == lastKey, let lastSender { return lastSender }
    let sender = senders[key] ?? addSender(key)
    lastKey = key
    lastSender = sender
    return sender
  }

  private func addSender(_ key: SocketAddress) -> Sender {
    if senders.count >= Self.maxSenders { senders.removeAll(keepingCapacity: true) }
    let sender = Sender(key, template)
    senders[key] = sender
    return sender
  }

  /// Writes what is missing into the log, where a second has passed since that was done last.
  /// - Parameter isLast: however long ago that was, and even while the log refuses.
  func reportGaps(_ context: inout LoopContext, isLast: Bool = false) {
    guard isLast || !context.isRefusing else { return }
    let now = context.now
    for gap in [tooLarge.take(now: now, isLast), kernelDrops.take(now: now, isLast), logFull.take(now: now, isLast)] {
      guard let (reason, count) = gap else { continue }
      context.own.append(GapRecord(reason, count: count, place: status.address), at: context.timestamp)
    }
  }
}
