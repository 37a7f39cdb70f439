import CMosquitto

/// One connection to a broker, through libmosquitto with a loop of the caller's own. Made for one attempt, thrown away when
/// the connection is lost: nothing is resent behind the caller's back. One owner, one thread.
///
/// libmosquitto queues a PUBACK before it hands the message over. With its `threaded` flag set nothing leaves but through
/// `write()`: whoever appends what it was handed, syncs, and only then writes, never acknowledges what is not on disk.
package final class MosquittoClient {
  package enum ProtocolVersion: Hashable, Sendable {
    case v311
    case v5
  }

  package let version: ProtocolVersion
  private let handle: OpaquePointer
  private let configuration: MosquittoConfiguration
  private let mailbox = Mailbox()

  /// Called for each message while `read()` runs.
  package var onMessage: ((borrowing MosquittoMessage) -> Void)? {
    get { mailbox.onMessage }
    set { mailbox.onMessage = newValue }
  }

  /// Sets everything up and opens no connection. Throws where TLS cannot be had as configured: never goes on in the open.
  package init(_ configuration: MosquittoConfiguration, version: ProtocolVersion) throws(MosquittoError) {
    _ = Self.library
    self.configuration = configuration
    self.version = version
    guard let handle = mosquitto_new(configuration.clientID, configuration.cleanSession, nil) else {
      throw MosquittoError("client", "the client id `\(configuration.clientID)` is refused by libmosquitto")
    }
    self.handle = handle
    mosquitto_user_data_set(handle, Unmanaged.passUnretained(mailbox).toOpaque())
    try check("threaded", mosquitto_threaded_set(handle, true))
    let number = version == .v5 ? MQTT_PROTOCOL_V5 : MQTT_PROTOCOL_V311
    try check("protocol", mosquitto_int_option(handle, MOSQ_OPT_PROTOCOL_VERSION, CInt(number)))
    if let user = configuration.user {
      try check("user", mosquitto_username_pw_set(handle, user, configuration.password))
    }
    if let tls = configuration.tls { try setUp(tls) }
    setCallbacks()
  }

  deinit {
    mosquitto_destroy(handle)
  }

  private static let library: Void = { mosquitto_lib_init() }()

  private func setUp(_ tls: TLSConfiguration) throws(MosquittoError) {
    guard (tls.certificate == nil) == (tls.key == nil) else {
      throw MosquittoError("tls", "`certificate` and `key` go together: give both or neither")
    }
    if tls.ca == nil {
      try check("tls", mosquitto_int_option(handle, MOSQ_OPT_TLS_USE_OS_CERTS, 1))
    }
    // Without a file or directory libmosquitto insists on a directory, although the system's store is used.
    let code = mosquitto_tls_set(handle, tls.ca, tls.ca == nil ? "/etc/ssl/certs" : nil, tls.certificate, tls.key, nil)
    guard code == 0 else {
      let files = [tls.ca, tls.certificate, tls.key].compactMap { $0 }.joined(separator: ", ")
      throw MosquittoError("tls", "cannot use \(files): a file is missing, not readable, or no PEM certificate or key")
    }
    try check("tls", mosquitto_tls_opts_set(handle, 1, "tlsv1.2", nil))
  }

  private func setCallbacks() {
    mosquitto_log_callback_set(handle) { _, mailbox, level, text in
      guard level == MOSQ_LOG_ERR, let text else { return }
      Mailbox.of(mailbox).note(complaint: String(cString: text))
    }
    mosquitto_connect_v5_callback_set(handle) { _, mailbox, reason, _, _ in
      Mailbox.of(mailbox).events.append(.connected(reason: reason))
    }
    mosquitto_disconnect_v5_callback_set(handle) { _, mailbox, reason, _ in
      let mailbox = Mailbox.of(mailbox)
      mailbox.events.append(.disconnected(MosquittoError("connection", code: reason, mailbox.complaints)))
    }
    mosquitto_publish_v5_callback_set(handle) { _, mailbox, message, reason, _ in
      Mailbox.of(mailbox).events.append(.acknowledged(message: message, reason: reason))
    }
    mosquitto_subscribe_v5_callback_set(handle) { _, mailbox, _, count, granted, _ in
      let codes = UnsafeBufferPointer(start: granted, count: Int(count))
      Mailbox.of(mailbox).events.append(.subscribed(granted: Array(codes)))
    }
    mosquitto_message_v5_callback_set(handle) { _, mailbox, message, _ in
      guard let message else { return }
      Mailbox.of(mailbox).deliver(message)
    }
  }
}

/// What the callbacks leave for the owner.
private final class Mailbox {
  var events: [MosquittoEvent] = []
  /// What libmosquitto has logged as errors: of TLS it says nothing anywhere else.
  private(set) var complaints: [String] = []
  var onMessage: ((borrowing MosquittoMessage) -> Void)?

  static func of(_ pointer: UnsafeMutableRawPointer?) -> Mailbox {
    Unmanaged<Mailbox>.fromOpaque(pointer!).takeUnretainedValue()
  }

  func note(complaint: String) {
    // The first ones say why.
    if complaints.count < 8 { complaints.append(complaint) }
  }

  func deliver(_ pointer: UnsafePointer<mosquitto_message>) {
    guard let onMessage else { return }
    let message = pointer.pointee
    let topic = UnsafeRawBufferPointer(start: message.topic, count: mosquitto_topic_length(pointer))
    let payload = UnsafeRawBufferPointer(start: message.payload, count: Int(message.payloadlen))
    onMessage(
      MosquittoMessage(
        topic: RawSpan(_unsafeBytes: topic), payload: RawSpan(_unsafeBytes: payload), qos: Int(message.qos),
        isRetained: message.retain))
  }
}

// The steps of the caller's loop.
extension MosquittoClient {
  /// The socket to poll, or -1 while there is none.
  package var descriptor: CInt { mosquitto_socket(handle) }

  /// Whether there is something to write, or a handshake that waits to go on.
  package var wantsWrite: Bool { mosquitto_want_write(handle) }

  /// Throws what is not MOSQ_ERR_SUCCESS, with what libmosquitto has said of it.
  private func check(_ call: String, _ code: Int32) throws(MosquittoError) {
    if code != MOSQ_ERR_SUCCESS.code { throw MosquittoError(call, code: code, mailbox.complaints) }
  }

  /// What has happened since the last call.
  package func takeEvents() -> [MosquittoEvent] {
    defer { mailbox.events.removeAll(keepingCapacity: true) }
    return mailbox.events
  }

  /// Begins to connect. The name is looked up at once, which may take a while; the rest goes on in `read` and `write`.
  package func connect() throws(MosquittoError) {
    let code = mosquitto_connect_async(
      handle, configuration.host, CInt(configuration.port), CInt(configuration.keepAliveSeconds))
    guard code != MOSQ_ERR_ERRNO.code else {
      throw MosquittoError("connect", String(cString: mosquitto_system_error()))
    }
    guard code != MOSQ_ERR_EAI.code else {
      throw MosquittoError(
        "connect", "the name `\(configuration.host)` cannot be resolved; look at `host` and the box's DNS")
    }
    try check("connect", code)
  }

  /// Takes in what one readable event brings; messages go to `onMessage` before it returns. Writes nothing.
  package func read() throws(MosquittoError) {
    try check("read", mosquitto_loop_read(handle, 1))
  }

  /// Writes everything that is queued, acknowledgements of all messages handed over so far included.
  package func write() throws(MosquittoError) {
    try check("write", mosquitto_loop_write(handle, 1))
  }

  /// Keep-alive; to be called at least once a second.
  package func keepAlive() throws(MosquittoError) {
    try check("keep-alive", mosquitto_loop_misc(handle))
  }

  /// Queues DISCONNECT; `write()` sends it.
  package func disconnect() {
    _ = mosquitto_disconnect(handle)
  }
}

// What is asked of the broker.
extension MosquittoClient {
  package func subscribe(_ filters: [String], qos: Int) throws(MosquittoError) {
    for filter in filters {
      try check("subscribe", mosquitto_subscribe_v5(handle, nil, filter, CInt(qos), 0, nil))
    }
  }

  /// How many messages may be on their way without a PUBACK; a broker's smaller limit goes first.
  package func setWindow(_ messages: Int) throws(MosquittoError) {
    try check("window", mosquitto_int_option(handle, MOSQ_OPT_SEND_MAXIMUM, CInt(clamping: messages)))
  }

  /// Queues a message at QoS 1.
  /// - Parameter userProperties: sent where the connection is MQTT 5.
  /// - Returns: the number its PUBACK will carry.
  package func publish(
    topic: RawSpan, payload: RawSpan, isRetained: Bool, userProperties: [(String, String)] = []
  ) throws(MosquittoError) -> Int32 {
    var properties: OpaquePointer?
    defer { mosquitto_property_free_all(&properties) }
    if version == .v5 {
      for (name, value) in userProperties {
        try check(
          "property",
          mosquitto_property_add_string_pair(&properties, Int32(MQTT_PROP_USER_PROPERTY.rawValue), name, value))
      }
    }
    var message: CInt = 0
    let code = topic.withUnsafeBytes { topic in
      withUnsafeTemporaryAllocation(of: CChar.self, capacity: topic.count + 1) { name in
        UnsafeMutableRawBufferPointer(name).copyMemory(from: topic)
        name[topic.count] = 0
        return payload.withUnsafeBytes { payload in
          mosquitto_publish_v5(
            handle, &message, name.baseAddress, CInt(payload.count), payload.baseAddress, 1, isRetained, properties)
        }
      }
    }
    try check("publish", code)
    return message
  }

  /// The words for a reason code of the broker's.
  package func describe(reason: Int32, ofConnect: Bool = false) -> String {
    let words = ofConnect && version == .v311 ? mosquitto_connack_string(reason) : mosquitto_reason_string(reason)
    return String(cString: words!)
  }
}

extension mosq_err_t {
  var code: Int32 { Int32(rawValue) }
}
