import Platform

/// Ports on loopback that are free now: for servers whose configuration must name one.
enum FreePort {
  static func tcp() throws -> UInt16 { try ListeningSocket(loopback()).address.port }

  static func udp() throws -> UInt16 {
    try DatagramSocket(loopback(), maxDatagramBytes: 1, receiveBufferBytes: 4096).address.port
  }

  /// To listen at a port that the kernel chooses.
  static func loopback() throws -> SocketAddress {
    guard let address = SocketAddress("127.0.0.1:0") else {
      throw BenchmarkError.cannotMeasure("there is no 127.0.0.1")
    }
    return address
  }
}
