import Foundation

/// A server in a process of its own, on a port that the system picks.
final class ServerProcess {
  private let process = Process()
  let address: String

  init(_ askonce: String, data: String) throws {
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: askonce)
    process.arguments = ["serve", "--data", data, "--listen", "127.0.0.1:0"]
    process.standardOutput = output
    process.standardError = FileHandle(forWritingAtPath: "/dev/null")
    try process.run()
    // The first line says where it listens.
    var line = Data()
    while let byte = try output.fileHandleForReading.read(upToCount: 1), let value = byte.first, value != 0x0A
    {
      line.append(value)
    }
    guard
      let range = String(decoding: line, as: UTF8.self).range(of: "http://[^ ]+", options: .regularExpression)
    else { throw Options.Usage(description: "the server did not say where it listens") }
    address = String(String(decoding: line, as: UTF8.self)[range])
  }

  /// The most memory that the server used so far, in MiB.
  var peakMemory: Double { process.peakMemory ?? 0 }

  func stop() {
    process.terminate()
    process.waitUntilExit()
  }
}

enum AskOnceProcess {
  /// Runs the program and returns what it printed; throws when it fails.
  static func run(_ askonce: String, _ arguments: [String]) throws -> String {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: askonce)
    process.arguments = arguments
    process.standardOutput = output
    try process.run()
    let text = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Options.Usage(
        description: "askonce \(arguments.joined(separator: " ")) ended with \(process.terminationStatus)")
    }
    return String(decoding: text, as: UTF8.self)
  }
}

/// The bytes of all files in a folder.
func size(of folder: String) -> Int {
  var sum = 0
  for name in FileManager.default.enumerator(atPath: folder) ?? .init() {
    let attributes = try? FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")
    if attributes?[.type] as? FileAttributeType == .typeRegular { sum += attributes?[.size] as? Int ?? 0 }
  }
  return sum
}

extension Process {
  /// The most memory that a running process used so far, in MiB; nil where it has ended.
  ///
  /// What `wait4` tells of a child counts what this process used when it forked.
  var peakMemory: Double? {
    let status = try? String(contentsOfFile: "/proc/\(processIdentifier)/status", encoding: .utf8)
    let line = status?.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return (line?.split(separator: " ").dropFirst().first).flatMap { Double(String($0)) }.map { $0 / 1024 }
  }
}
