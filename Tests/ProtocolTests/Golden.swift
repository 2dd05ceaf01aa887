import Foundation
import Testing

/// The files under `Fixtures/protocol/`. With `ASKONCE_WRITE_GOLDEN=1` a test run writes them anew: for a change
/// of the protocol, together with `Protocol.md`.
enum Golden {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../Fixtures/protocol").standardizedFileURL.path

  static var isWriting: Bool { ProcessInfo.processInfo.environment["ASKONCE_WRITE_GOLDEN"] == "1" }

  static func read(_ name: String) throws -> [UInt8] {
    Array(try #require(FileManager.default.contents(atPath: "\(folder)/\(name)"), "no file \(name)"))
  }

  static func lines(_ name: String) throws -> [String] {
    String(decoding: try read(name), as: UTF8.self).split(separator: "\n").map(String.init)
  }

  /// Compares bytes with a file, or writes the file.
  static func expect(_ name: String, _ bytes: [UInt8], _ location: SourceLocation = #_sourceLocation) throws {
    if isWriting {
      try Data(bytes).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
      return
    }
    let same = try read(name) == bytes
    #expect(
      same, "\(name) differs: \(String(decoding: bytes, as: UTF8.self).prefix(2000))",
      sourceLocation: location)
  }

  static func expect(_ name: String, _ text: String, _ location: SourceLocation = #_sourceLocation) throws {
    try expect(name, Array(text.utf8), location)
  }
}
