import Agent
import CLI
import Codec
import Foundation
import Synchronization
import Testing

/// A folder in which a test runs the command line, in this process or in others.
final class TestDesk {
  let folder: String
  /// What each later command gets beside its own arguments' store.
  var variables: [String: String]
  /// Never nil: without it a command that needs the network would replace the test's process by another program.
  var connect: Connect = { _ in throw Failure(.offline, "this test has no network") }

  /// Clock and randomness of later commands in this process.
  var system = Environment.system

  /// How long commands would have waited before they tried again, in milliseconds.
  var pauses: [Int] = []

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("askonce-cli-\(UUID())").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    variables = ["ASKONCE_STORE": folder + "/store", "USER": "anna", "TZ": "UTC"]
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  /// What a command did.
  struct Outcome {
    let code: ExitCode
    let output: String
    let errors: String

    var json: JSONText? { try? JSONText(parsing: output.utf8) }
    var line: String { output.trimmingCharacters(in: .newlines) }
  }

  /// Runs a command in this process.
  @discardableResult
  func run(_ arguments: String..., columns: Int? = nil, hasColour: Bool = false) -> Outcome {
    run(arguments, columns: columns, hasColour: hasColour)
  }

  func run(_ arguments: [String], columns: Int? = nil, hasColour: Bool = false) -> Outcome {
    var output: [UInt8] = []
    var errors: [UInt8] = []
    var context = Context(
      output: Output(columns: columns, hasColour: hasColour) { bytes in
        output += bytes
        return 0
      },
      errors: Output { bytes in
        errors += bytes
        return 0
      }, variables: variables, system: system, connect: connect)
    context.pause = { self.pauses.append($0) }
    let code = CLI.run(arguments, context)
    return Outcome(
      code: code, output: String(decoding: output, as: UTF8.self),
      errors: String(decoding: errors, as: UTF8.self))
  }

  /// Runs a command that must go well, and returns its output's one line.
  func ok(_ arguments: String..., sourceLocation: SourceLocation = #_sourceLocation) throws -> String {
    let outcome = run(arguments)
    try #require(outcome.code == .ok, "\(outcome.errors)", sourceLocation: sourceLocation)
    return outcome.line
  }

  func write(_ text: String, to name: String) throws -> String {
    let path = folder + "/" + name
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    return path
  }

  func read(_ name: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(fileURLWithPath: folder + "/" + name)), as: UTF8.self)
  }
}

/// The repository.
enum Repository {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path
  static let fixtures = root + "/Fixtures"
}
