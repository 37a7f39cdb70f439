import Console
import Ingress
import JSON5
import Platform
import Routing
import Storage
import Uplink

extension Configuration {
  /// Reads and checks the file at `path`; nil: nothing but defaults.
  /// - Parameters:
  ///   - data: the data directory, over what the file says.
  ///   - hostName: the default of `gateway`.
  package static func load(
    _ path: String?, data: String? = nil, hostName: String = CurrentProcess.hostName
  ) throws(ConfigurationError) -> Configuration {
    guard let path else { return try read(Array("{}".utf8), file: "", data: data, hostName: hostName) }
    let bytes: [UInt8]
    do {
      bytes = try FileSystem.read(path)
    } catch {
      let message = "cannot be read: \(error.reason); name the configuration with --config"
      throw ConfigurationError(file: path, problems: [.init(line: 0, message: message)])
    }
    return try read(bytes, file: path, data: data, hostName: hostName)
  }

  /// Reads and checks a configuration's text.
  /// - Parameter file: what it is called in messages.
  package static func read(
    _ bytes: [UInt8], file: String, data: String? = nil, hostName: String = "gateway"
  ) throws(ConfigurationError) -> Configuration {
    let value: JSON5Value
    do {
      value = try JSON5Parser.parse(bytes)
    } catch {
      let message = "\(error.message) (column \(error.position.column))"
      throw ConfigurationError(file: file, problems: [.init(line: error.position.line, message: message)])
    }
    let report = ConfigurationReport(file: file)
    let root = ConfigurationSection(value, path: "", report: report)
    let configuration = Configuration(root, data: data, hostName: hostName)
    root.finish()
    try report.throwIfAny()
    return configuration
  }

  private init(_ root: ConfigurationSection, data: String?, hostName: String) {
    gateway = root.string("gateway", default: hostName)
    if gateway.utf8.count > 128 || gateway.contains(where: { "+#/".contains($0) }) {
      root.reject("gateway", "is \"\(gateway)\"; write at most 128 bytes, without `+`, `#` and `/`")
    }
    // Asked for even where --data overrules it: the key is known, and what is wrong with it is said.
    let named = root.string("data")
    let directory = data ?? named ?? CurrentProcess.environment("FOREBAY_DATA") ?? DataDirectory.local
    log = LogConfiguration(root.section("log"), directory: directory)
    let mqtt = root.section("mqtt")
    ingress = IngressConfiguration(root, mqtt: mqtt)
    ingress.mqtt?.stateDirectory = directory + "/mqtt"
    subscriptions = mqtt?.named("subscribe", name: \.name, BrokerSubscriptionConfiguration.init) ?? []
    mqtt?.finish()
    routes = root.named("routes", name: \.name, RouteConfiguration.init)
    uplinks = root.named("uplinks", name: \.name, UplinkConfiguration.init)
    console = ConsoleConfiguration(root.section("console"), data: directory)
    root.notAvailable("profiles")
  }
}
