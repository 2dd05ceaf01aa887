// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

/// A target of the product. The dependencies repeat the layers of `README.md`, lowest first.
func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

let package = Package(
  name: "AskOnce",
  targets: [
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    module("Causality"),
    module("Codec", ["CZlib"]),

    module("Merge", ["Causality", "Codec"]),
    module("ChangeCodec", ["Causality", "Codec", "Merge"]),
    module("Storage", ["Causality", "Codec", "Merge", "ChangeCodec"]),
    module("SyncProtocol", ["Causality", "Codec", "Merge", "ChangeCodec"]),
    module(
      "Agent", ["Causality", "Codec", "Merge", "ChangeCodec", "Storage", "SyncProtocol"]),
    module("HTTP"),

    .target(
      name: "TestSupport",
      dependencies: [
        "Causality", "Codec", "Merge", "ChangeCodec", "Storage", "SyncProtocol", "Agent",
      ],
      path: "Tests/TestSupport", swiftSettings: strict),
    tests("CausalityTests", ["Causality"]),
    tests("CodecTests", ["Codec"]),
    tests("MergeTests", ["Causality", "Codec", "Merge", "TestSupport"]),
    tests("StorageTests", ["Causality", "Codec", "Merge", "ChangeCodec", "Storage", "TestSupport"]),
    tests("ChangeCodecTests", ["Causality", "Codec", "Merge", "ChangeCodec"]),
    tests("HTTPTests", ["HTTP"]),
  ]
)
