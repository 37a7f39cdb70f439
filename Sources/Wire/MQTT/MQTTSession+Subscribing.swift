import Bytes
import Records

// Subscriptions.
extension MQTTSession {
  /// Enters what the client asks for. The SUBACK goes out with `committed`, of the acknowledgement that is returned.
  /// - Parameter refusal: why the client may not have a subscription; nil: it may.
  package mutating func subscribe(
    _ packet: MQTTSubscribe, refusal: (MQTTSubscription) -> MQTTReason?
  ) -> (changes: [MQTTSubscriptionChange], acknowledgement: MQTTAcknowledgement) {
    var changes: [MQTTSubscriptionChange] = []
    var reasons: [MQTTReason] = []
    for request in packet.requests {
      if let reason = unacceptable(request) ?? refusal(request) {
        reasons.append(reason)
        continue
      }
      reasons.append(.granted(request.qos))
      changes.append(enter(request))
    }
    deferred.append(MQTTSubscribe.answer(packetID: packet.packetID, reasons, version))
    return (changes, MQTTAcknowledgement(.deferred, packetID: packet.packetID))
  }

  private func unacceptable(_ request: MQTTSubscription) -> MQTTReason? {
    guard request.filter.levelCount <= min(limits.maxTopicLevels, TopicFilter.maximumLevels),
      request.filter.bytes.count <= limits.maxTopicBytes
    else { return .topicFilterInvalid }
    let isNew = !subscriptions.contains { $0.isSame(as: request) }
    return isNew && subscriptions.count >= limits.maxSubscriptions ? .quotaExceeded : nil
  }

  private mutating func enter(_ request: MQTTSubscription) -> MQTTSubscriptionChange {
    guard let index = subscriptions.firstIndex(where: { $0.isSame(as: request) }) else {
      subscriptions.append(request)
      return MQTTSubscriptionChange(subscription: request, previous: nil)
    }
    defer { subscriptions[index] = request }
    return MQTTSubscriptionChange(subscription: request, previous: subscriptions[index])
  }

  @_lifetime(immortal)
  mutating func unsubscribe(_ body: RawSpan) throws(MQTTViolation) -> MQTTAction {
    let packet = try MQTTUnsubscribe(body, version)
    var removed: [MQTTSubscription] = []
    var reasons: [MQTTReason] = []
    for filter in packet.filters {
      guard let index = subscriptions.firstIndex(where: { $0.isSame(as: filter) }) else {
        reasons.append(.noSubscriptionExisted)
        continue
      }
      removed.append(subscriptions.remove(at: index))
      reasons.append(.success)
    }
    deferred.append(MQTTUnsubscribe.answer(packetID: packet.packetID, reasons, version))
    return .unsubscribed(removed, MQTTAcknowledgement(.deferred, packetID: packet.packetID))
  }
}
