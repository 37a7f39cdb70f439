// swift-tools-version: 6.2
import PackageDescription

let house: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableExperimentalFeature("Lifetimes"),
]

/// One stage of the house. The arrows point one way; `Tests/check-imports.sh` refuses the others.
func stage(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: house)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
  .testTarget(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: house)
}

let package = Package(
  name: "forebay",
  products: [.executable(name: "forebay", targets: ["forebay"])],
  targets: [
    // C: thin, no logic of ours
    .target(name: "CChecksum"),
    .target(name: "CLinux"),
    .systemLibrary(name: "CZstd", providers: [.apt(["libzstd-dev"])]),
    .systemLibrary(name: "CCrypt", providers: [.apt(["libcrypt-dev"])]),
    .systemLibrary(name: "CMosquitto", providers: [.apt(["libmosquitto-dev"])]),

    // pure: no system call, no clock
    stage("Bytes", ["CChecksum"]),
    stage("JSON5", []),
    stage("Records", ["Bytes"]),
    stage("Wire", ["Records", "Bytes"]),

    // the machine and the libraries
    stage("Platform", ["CLinux", "CZstd", "CCrypt", "Bytes"]),
    stage("Mosquitto", ["CMosquitto"]),

    // the stages of a message
    stage("Storage", ["Platform", "Records", "Bytes"]),
    stage("Ingress", ["Storage", "Wire", "Mosquitto", "Platform", "Records", "Bytes"]),
    stage("Routing", ["Storage", "Platform", "Records", "Bytes"]),
    stage("Uplink", ["Storage", "Wire", "Mosquitto", "Platform", "Records", "Bytes"]),
    stage("Query", ["Storage", "Platform", "Records", "Bytes"]),
    stage("Console", ["Wire", "Platform", "Bytes"]),

    // assembly and the command line
    stage(
      "Daemon",
      [
        "Console", "Uplink", "Routing", "Ingress", "Storage", "Mosquitto", "Wire", "Platform", "Records", "JSON5",
        "Bytes",
      ]),
    .executableTarget(
      name: "forebay",
      dependencies: ["Daemon", "Ingress", "Query", "Console", "Storage", "Wire", "Platform", "Records", "Bytes"],
      swiftSettings: house),

    // tests: one target a stage, then the whole flow
    .target(
      name: "Support", dependencies: ["Storage", "Platform", "Records", "Bytes"], path: "Tests/Support",
      swiftSettings: house),
    tests("BytesTests", ["Bytes", "Support"]),
    tests("JSON5Tests", ["JSON5"]),
    tests("RecordsTests", ["Records", "Bytes", "Support"]),
    tests("WireTests", ["Wire", "Records", "Bytes", "Support"]),
    tests("PlatformTests", ["Platform", "Bytes", "Support"]),
    tests("StorageTests", ["Storage", "Platform", "Records", "Bytes", "Support"]),
    tests("IngressTests", ["Ingress", "Storage", "Wire", "Platform", "Records", "Bytes", "Support"]),
    tests("RoutingTests", ["Routing", "Storage", "Platform", "Records", "Bytes", "Support"]),
    tests("UplinkTests", ["Uplink", "Storage", "Mosquitto", "Wire", "Platform", "Records", "Bytes", "Support"]),
    tests("QueryTests", ["Query", "Storage", "Platform", "Records", "Bytes", "Support"]),
    tests(
      "DaemonTests",
      [
        "Daemon", "Console", "Uplink", "Routing", "Ingress", "Storage", "Mosquitto", "Wire", "Platform", "Records",
        "JSON5", "Bytes", "Support",
      ]),
    tests("SimulationTests", ["Storage", "Platform", "Records", "Bytes", "Support"]),
    tests(
      "IntegrationTests", ["forebay", "Platform", "Records", "JSON5", "Bytes", "Support"], exclude: ["Peers"]),

    // measurements: `swift run -c release Benchmarks --help`; not a product
    .target(name: "CAllocationCount", path: "Tests/Benchmarks/CAllocationCount"),
    .executableTarget(
      name: "Benchmarks",
      dependencies: ["CAllocationCount", "Console", "JSON5", "Storage", "Wire", "Platform", "Records", "Bytes"],
      path: "Tests/Benchmarks", exclude: ["CAllocationCount", "Uplink/Peers"], swiftSettings: house),
  ]
)
