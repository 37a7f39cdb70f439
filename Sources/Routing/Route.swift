package import Platform
package import Storage
import Synchronization

/// A running route: one thread that follows the log from its cursor and delivers to its handler. Any thread.
package final class Route: Sendable {
  private let log: Log
  private let board: RouteBoard
  private let stopRequest: StopRequest
  private let wakeUp: WakeUp
  private let thread: Mutex<NamedThread?>

  /// Opens the route's cursor and starts its thread. A handler that cannot be reached yet is no error: it is tried again.
  ///
  /// A route without a cursor, a new one, begins with the oldest record of the log.
  package static func start(
    _ configuration: RouteConfiguration, log: Log, time: any TimeSource = SystemTime(),
    random: @escaping @Sendable () -> UInt64 = Randomness.uint64
  ) throws(RoutingError) -> Route {
    let name = configuration.name
    let stopRequest: StopRequest
    let wakeUp: WakeUp
    do throws(SystemError) {
      stopRequest = try StopRequest()
      wakeUp = try WakeUp()
    } catch {
      throw .system(route: name, error)
    }
    let loop = try DeliveryLoop(
      configuration, log: log, handler: try makeHandler(configuration, log: log, time: time), wakeUp: wakeUp,
      stop: stopRequest, time: time, random: random)
    let board = loop.board
    log.follow(wakeUp)
    let thread = NamedThread.start("route-\(name)") { loop.run() }
    return Route(log: log, board: board, stopRequest: stopRequest, wakeUp: wakeUp, thread: thread)
  }

  private init(
    log: Log, board: RouteBoard, stopRequest: StopRequest, wakeUp: WakeUp, thread: consuming NamedThread
  ) {
    self.log = log
    self.board = board
    self.stopRequest = stopRequest
    self.wakeUp = wakeUp
    self.thread = Mutex(thread)
  }

  private static func makeHandler(
    _ configuration: RouteConfiguration, log: Log, time: any TimeSource
  ) throws(RoutingError) -> any Handler {
    switch configuration.handler {
    case .exec(let exec):
      guard exec.command.first?.isEmpty == false else { throw .noCommand(route: configuration.name) }
      return ExecHandler(exec, route: configuration.name, time: time)
    case .file(let file):
      guard !file.path.isEmpty, !file.path.hasSuffix("/"), !FileSystem.isDirectory(file.path) else {
        throw .badFile(route: configuration.name, path: file.path)
      }
      return FileHandler(file, log: log, disk: LocalDisk())
    }
  }

  package var status: RouteStatus {
    var status = board.status
    status.lag = max(0, Int(log.durableEnd - status.position))
    return status
  }

  /// Lets the handler answer what it has got, at most five seconds, and ends the thread. Does nothing the second time.
  package func stop() {
    stopRequest.make()
    wakeUp.signal()
    let running = thread.withLock { $0.take() }
    guard let running else { return }
    running.join()
    log.unfollow(wakeUp)
  }
}
