package import Storage

/// What ingress has done since it started: a copy, as of the end of some turn.
package struct IngressStatus: Hashable, Sendable {
  /// Rounds of each ingress thread, one a second at least: stands still only when the thread does.
  package var turns: [Int] = []
  package var mqtt = MQTTListenerStatus()
  /// In the order of the configuration.
  package var udp: [UDPListenerStatus] = []

  package init() {}
}

package struct MQTTListenerStatus: Hashable, Sendable {
  /// Open now.
  package var connections = 0
  package var connectionsAccepted = 0
  /// From the ingress thread that had accepted them, or whose client had not been a member of a shared subscription, to another.
  package var connectionsHandedOver = 0
  /// Messages appended, wills included, and the bytes of their payloads.
  package var messages = 0
  package var bytes = 0
  /// PUBACKs and PUBRECs sent: each after the commit of its message.
  package var acks = 0
  /// Messages of version 5 that were refused, since the log takes nothing.
  package var refusedMessages = 0
  /// From a message's coming to its PUBACK or PUBREC on its way.
  package var acknowledgement = LatencyHistogram()
  /// QoS 2 messages that came again and were not stored again.
  package var duplicates = 0
  /// Topic filters of all clients, now.
  package var subscriptions = 0
  /// Messages handed to subscribers.
  package var deliveries = 0
  /// Not handed on: their time was over; the client does not take packets so large; the log had them no more.
  package var expiredDeliveries = 0
  package var tooLargeDeliveries = 0
  package var missedDeliveries = 0
  /// Records the log had no more when a subscriber that was behind came to them, wanted or not.
  package var skippedRecords = 0
  /// Sessions without a connection, now, and those whose time is over since the start.
  package var sessions = 0
  package var sessionsExpired = 0
  /// Retained messages, now.
  package var retained = 0
  /// Subscribers that are behind and read from the log, now.
  package var laggingSubscribers = 0
  /// Publishers that wait, since the log takes nothing, now.
  package var heldPublishers = 0
  /// Bytes that wait for clients to take them, now.
  package var queuedBytes = 0
  /// Of the users file's passwords.
  package var passwords = PasswordCheckStatus()
  /// Messages and topic filters that were refused, since the client may not publish or subscribe there.
  package var unauthorizedMessages = 0
  package var unauthorizedSubscriptions = 0
  /// Connections closed or refused by this side, by reason.
  package var rejected: [String: Int] = [:]

  package init() {}
}

package struct UDPListenerStatus: Hashable, Sendable {
  /// As bound.
  package var address = ""
  package var messages = 0
  package var bytes = 0
  /// Datagrams longer than the limit.
  package var tooLarge = 0
  /// Datagrams the kernel dropped since they were not read in time.
  package var kernelDrops = 0
  /// Datagrams dropped since the log took nothing.
  package var logFull = 0

  package init() {}
}
