/// A client's connection over the line, and the one to the server that it is forwarded to. One owner, one thread.
final class LinkConnection {
  let client: LinkSocket
  /// Nil where nothing of it goes anywhere.
  let server: LinkSocket?
  var up = LinkFlow()
  var down = LinkFlow()
  /// Its place in the counters' list.
  let number: Int

  init(client: LinkSocket, server: LinkSocket?, number: Int) {
    self.client = client
    self.server = server
    self.number = number
  }

  /// Tells the receivers that their senders have ended, once they have had everything.
  /// - Returns: whether the connection is over.
  func passOnEnds() -> Bool {
    if up.isLost || down.isLost, up.isEmpty, down.isEmpty { return true }
    if let server, up.hasEnded, up.isEmpty, !up.hasPassedOnEnd {
      server.end()
      up.hasPassedOnEnd = true
    }
    if down.hasEnded, down.isEmpty, !down.hasPassedOnEnd {
      client.end()
      down.hasPassedOnEnd = true
    }
    guard up.hasPassedOnEnd, down.hasPassedOnEnd else { return false }
    client.isReset = false
    server?.isReset = false
    return true
  }
}
