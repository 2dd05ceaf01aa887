// swift-tools-version: 6.2
import PackageDescription

/// CI sets `ASKONCE_WARNINGS=error`; a newer compiler's new warnings must not keep others from building.
let warnings: [SwiftSetting] =
  Context.environment["ASKONCE_WARNINGS"] == "error" ? [.treatAllWarnings(as: .error)] : []

let strict: [SwiftSetting] =
  warnings + [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
  ]

/// A target of the product. The dependencies repeat the layers of `CONTRIBUTING.md`, lowest first.
func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

/// An executable. `askonce` needs `askonce-net` beside it: depending on it builds both with one command and links
/// nothing of it.
func program(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .executableTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

let package = Package(
  name: "AskOnce",
  products: [
    .executable(name: "askonce", targets: ["askonce"]),
    .library(
      name: "AskOnce",
      targets: ["ServiceDesk", "Agent", "URLTransport", "Storage", "Merge", "Codec", "Causality"]),
  ],
  targets: [
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CCrypt"),
    .systemLibrary(name: "CLinux"),
    module("Causality"),
    module("Codec", ["CLinux", "CZlib"]),
    module("Merge", ["Causality", "Codec"]),
    module("ChangeCodec", ["Causality", "Codec", "Merge"]),
    module("Storage", ["Causality", "Codec", "Merge", "ChangeCodec"]),
    module("SyncProtocol", ["Causality", "Codec", "Merge", "ChangeCodec"]),
    module("Agent", ["Causality", "Codec", "Merge", "ChangeCodec", "Storage", "SyncProtocol"]),
    module("URLTransport", ["Agent"]),
    module("NetworkProcess", ["Agent", "Codec"]),
    module("ServiceDesk", ["Causality", "Codec", "Merge", "Storage", "Agent"]),
    module("Import", ["Causality", "Codec", "Merge"]),
    module("HTTP", ["CLinux"]),
    module(
      "Server",
      ["CCrypt", "CLinux", "Causality", "Codec", "Merge", "ChangeCodec", "Storage", "SyncProtocol", "HTTP"]),
    module(
      "CLI",
      [
        "Causality", "Codec", "Merge", "ChangeCodec", "Storage", "SyncProtocol", "Agent", "ServiceDesk",
        "Import", "NetworkProcess",
        "Server",
      ]),
    // `askonce` must not load the network's libraries, which takes longer than most commands. It depends on
    // `askonce-net` so that both are built; what that depends on would be linked into `askonce` too, so
    // `askonce-net` has the sources of `URLTransport` as links instead.
    program("askonce", ["CLI", "askonce-net"]),
    program("askonce-net", ["NetworkProcess", "Agent"]),
    .target(
      name: "TestSupport",
      dependencies: [
        "Causality", "Codec", "Merge", "ChangeCodec", "Storage", "SyncProtocol", "Agent", "HTTP", "Server",
      ],
      path: "Tests/TestSupport", swiftSettings: strict),
    .target(
      name: "DeskSupport",
      dependencies: ["Causality", "Codec", "Merge", "Storage", "Agent", "ServiceDesk", "TestSupport"],
      path: "Tests/DeskSupport", swiftSettings: strict),
    .executableTarget(
      name: "replay",
      dependencies: [
        "Causality", "Codec", "Merge", "Storage", "Agent", "ServiceDesk", "Import", "URLTransport",
        "TestSupport",
      ],
      path: "Tests/Replay", swiftSettings: strict),
    .executableTarget(
      name: "questions", dependencies: ["Causality", "Codec", "Merge", "Storage", "Agent", "ServiceDesk"],
      path: "Tests/Questions", swiftSettings: strict),
    .executableTarget(
      name: "rehearse", dependencies: ["Agent", "CLI", "URLTransport", "TestSupport"], path: "Tests/Rehearse",
      swiftSettings: strict),
    .target(
      name: "Simulator",
      dependencies: [
        "Causality", "Codec", "Merge", "ChangeCodec", "Storage", "SyncProtocol", "Agent", "ServiceDesk",
        "Server",
        "TestSupport", "DeskSupport",
      ],
      path: "Tests/Simulator", swiftSettings: strict),
    .executableTarget(
      name: "simulate", dependencies: ["Simulator"], path: "Tests/simulate", swiftSettings: strict),
    tests("CausalityTests", ["Causality"]),
    tests("CodecTests", ["Codec"]),
    tests("MergeTests", ["Causality", "Codec", "Merge", "TestSupport"]),
    tests("StorageTests", ["Causality", "Codec", "Merge", "ChangeCodec", "Storage", "TestSupport"]),
    tests("ChangeCodecTests", ["Causality", "Codec", "Merge", "ChangeCodec"]),
    tests(
      "SimulatorTests",
      [
        "Causality", "ChangeCodec", "Codec", "Merge", "Storage", "Agent", "Server", "Simulator",
        "TestSupport",
      ]),
    // Sees what is public and no more, as a program outside of this package does.
    .testTarget(
      name: "LibraryTests",
      dependencies: ["Agent", "Codec", "Merge", "ServiceDesk", "Storage", "URLTransport", "TestSupport"],
      packageAccess: false, swiftSettings: strict),
    tests("HTTPTests", ["HTTP", "TestSupport"]),
    tests("ImportTests", ["Causality", "Codec", "Merge", "Import"]),
    tests(
      "ProtocolTests",
      [
        "Causality", "Codec", "Merge", "ChangeCodec", "Storage", "SyncProtocol", "HTTP", "Server",
        "TestSupport",
      ]),
    tests(
      "ServerTests",
      [
        "Agent", "Causality", "ChangeCodec", "Codec", "HTTP", "Merge", "Server", "Storage", "SyncProtocol",
        "TestSupport",
      ]),
    tests(
      "ServiceDeskTests",
      [
        "Causality", "Codec", "Merge", "ChangeCodec", "Storage", "SyncProtocol", "Agent", "Server",
        "ServiceDesk", "TestSupport", "DeskSupport",
      ]),
    tests(
      "CLITests",
      [
        "Causality", "Codec", "Merge", "Storage", "Agent", "ServiceDesk", "HTTP", "Server", "Import",
        "NetworkProcess", "URLTransport", "CLI", "TestSupport", "DeskSupport", "askonce",
      ]),
  ]
)
