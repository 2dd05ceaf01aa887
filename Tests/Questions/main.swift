import Agent
import Codec
import Foundation
import ServiceDesk

/// `zcat star_dialogues.jsonl.gz | questions MAPPING`: how many questions would have been spared.
func run() throws {
  guard CommandLine.arguments.count == 2 else { throw Replay.Failure("usage: questions MAPPING < DIALOGUES") }
  let bytes = try Data(contentsOf: URL(fileURLWithPath: CommandLine.arguments[1]))
  let mapping = try JSONText(parsing: bytes)
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("askonce-questions-\(UUID())")
    .path
  defer { try? FileManager.default.removeItem(atPath: folder) }
  let desk = Desk(try Store.make(at: folder, agent: "replay"))
  var dialogues: [(start: Double, value: JSONText)] = []
  while let line = readLine() {
    let value = try JSONText(parsing: line.utf8)
    let start = value["Events"]?.elements?.lazy.compactMap { $0["UnixTime"]?.double }.first ?? 0
    dialogues.append((start, value))
  }
  dialogues.sort { $0.start < $1.start }
  var replay = try Replay(desk, mapping: mapping)
  for dialogue in dialogues { try replay.take(dialogue.value) }
  let counts = replay.counts
  let refused = counts.refused.sorted { $0.key < $1.key }
  print("\(counts.dialogues) dialogues of \(counts.customers) customers")
  print("\(counts.facts) facts written down")
  print("\(refused.reduce(0) { $0 + $1.value }) refused as secret")
  for (key, count) in refused { print("  \(count) \(key)") }
  print("\(counts.asked) questions for a stable fact")
  print("  \(counts.known) already known")
  print("    \(counts.same) the customer gave the same value again")
  print("    \(counts.other) the customer gave another value: to be confirmed")
  print("    \(counts.silent) the value was not used in a look-up afterwards")
  print("  \(counts.unknown) not known")
  print("  \(counts.secret) for a secret, which is never kept")
}

do {
  try run()
} catch {
  FileHandle.standardError.write(Data("questions: \(error)\n".utf8))
  exit(1)
}
