// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6), .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

// Uses AskOnce as any program would: by its public library. `bench` builds and runs it.
let package = Package(
  name: "Benchmarks",
  dependencies: [.package(name: "AskOnce", path: "..")],
  targets: [
    // What the start of a process costs that does nothing.
    .executableTarget(name: "empty", swiftSettings: strict),
    // What can only be measured inside of a process.
    .executableTarget(
      name: "inside", dependencies: [.product(name: "AskOnce", package: "AskOnce")], swiftSettings: strict),
  ]
)
