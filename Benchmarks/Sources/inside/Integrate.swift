import Agent
import Foundation
import Synchronization

/// Measures how long a store takes to check, keep and fold in what a server's answers brought.
///
/// The answers were recorded before, so no network and no server is measured. A round's time is from the moment the
/// answer is there to the moment all of it is durable and visible; compaction, which follows, is measured apart.
struct Integrate {
  private let store: String
  private let replies: [Reply]
  private let scratch: String
  private let rounds: Int

  init(_ arguments: [String]) throws {
    store = arguments[1]
    scratch = arguments[3]
    rounds = Int(arguments[4]) ?? 5
    // Recorded as N.head with the fields, one a line, and N.body.
    var replies: [Reply] = []
    while let head = try? String(contentsOfFile: "\(arguments[2])/\(replies.count).head", encoding: .utf8) {
      var fields: [String: String] = [:]
      for line in head.split(separator: "\n") {
        let parts = line.split(separator: ":", maxSplits: 1)
        fields[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
      }
      let body = try Data(contentsOf: URL(fileURLWithPath: "\(arguments[2])/\(replies.count).body"))
      replies.append(Reply(status: 200, fields: fields, body: Array(body)))
    }
    self.replies = replies
  }

  func run() throws {
    var integrated: [Double] = []
    var compacted: [Double] = []
    var received = 0
    var hash = Hash()
    for round in 0..<rounds {
      try? FileManager.default.removeItem(atPath: scratch)
      try FileManager.default.copyItem(atPath: store, toPath: scratch)
      let store = try Store(at: scratch, .writing)
      let transport = Recorded(replies)
      var spent = 0.0
      let client = try SyncClient(store, transport) { _ in spent += now() - transport.answered }
      let begin = now()
      let report = try client.sync()
      let whole = now() - begin
      integrated.append(spent)
      compacted.append(whole - spent)
      received = report.received
      if round == 0 { hash.add(try store.digest()) }
    }
    try? FileManager.default.removeItem(atPath: scratch)
    try print([
      "changes": received, "seconds": integrated, "compaction": compacted, "hash": hash.text,
    ])
  }
}

/// Answers requests with what was recorded, in order.
final class Recorded: Transport {
  private let replies: [Reply]
  private let state = Mutex((next: 0, answered: 0.0))

  init(_ replies: [Reply]) {
    self.replies = replies
  }

  /// When the last answer was given.
  var answered: Double { state.withLock { $0.answered } }

  func exchange(_ call: Call) throws(TransportError) -> Reply {
    let index = state.withLock { state in
      state.next += 1
      return state.next - 1
    }
    guard index < replies.count else { throw TransportError("nothing was recorded for request \(index)") }
    let reply = replies[index]
    state.withLock { $0.answered = now() }
    return reply
  }
}
