import Daemon
import Platform

/// What somebody who has just started the demonstration can try, with this build's path and ports.
enum DemoGuide {
  static func show(_ addresses: RunningAddresses) {
    let program = CurrentProcess.executablePath
    let data = addresses.data == DataDirectory.local ? "" : " --data \(quoted(addresses.data))"
    var output = StandardOutput()
    output.write(
      line: """

        Devices connect and send now: Tasmota, Shelly and Zigbee2MQTT over MQTT, a weather station over UDP.
        In another terminal, in \(CurrentProcess.workingDirectory):

          see what arrives          \(program) tail '#'\(data)
          look something up         \(program) query 'zigbee2mqtt/#' --since 10m\(data)
          how it is doing           \(program) status\(data)
        """)
    if let (host, port) = split(addresses.mqtt.first) {
      let publish = "mosquitto_pub -h \(host) -p \(port) -q 1 -t plant/7/temp -m 21.5"
      output.write(line: "  send something yourself   \(publish)")
      output.write(line: "  receive it live           mosquitto_sub -h \(host) -p \(port) -t 'plant/#' -v")
    }
    if let (host, port) = split(addresses.udp.first) {
      output.write(line: "  send a datagram           bash -c 'echo hello > /dev/udp/\(host)/\(port)'")
    }
    output.write(line: "\nCtrl-C stops it; what was acknowledged stays in \(addresses.data).\n")
    output.flush()
  }

  private static func split(_ address: String?) -> (host: Substring, port: Substring)? {
    guard let address = address.map(Demo.reachable), let colon = address.lastIndex(of: ":") else { return nil }
    let host = address[..<colon].drop { $0 == "[" }.prefix { $0 != "]" }
    return (host, address[address.index(after: colon)...])
  }

  private static func quoted(_ path: String) -> String {
    path.contains(" ") ? "'\(path)'" : path
  }
}
