import Foundation

// Replays an event log by its editors: each a replica of its own, offline for shifts of eight hours, against a real
// server process. See `.ci/replay`.
do {
  let options = try Options(Array(CommandLine.arguments.dropFirst()))
  let replay = try Replay(options)
  try replay.run()
} catch {
  FileHandle.standardError.write(Data("replay: \(error)\n".utf8))
  exit(1)
}
