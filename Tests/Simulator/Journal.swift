import Causality
import Merge

/// What the agents were told is done, by the token that every edit carries.
struct Journal {
  struct Entry {
    /// As committed. Another id where the store got a new replica id since.
    let change: Change
    let agent: String
  }

  /// Edits of commits that returned.
  private(set) var done: [String: Entry] = [:]
  /// Edits of commits that were refused by a disk that went on: they must not exist.
  private(set) var refused: Set<String> = []
  /// Edits of which no copy is left anywhere through nobody's fault but the disk's or the operator's.
  private(set) var excused: Set<String> = []
  /// Entities that a supervisor erased or tried to: what was written on them may be gone.
  private(set) var mayBeErased: Set<EntityID> = []
  /// Those of which the erasing commit returned.
  private(set) var erased: Set<EntityID> = []
  private var count = 0

  mutating func nextToken() -> String {
    count += 1
    return "e\(count)"
  }

  mutating func commit(_ token: String, _ change: Change, by agent: String) {
    done[token] = Entry(change: change, agent: agent)
  }

  mutating func erase(_ entity: EntityID, isDone: Bool) {
    mayBeErased.insert(entity)
    if isDone { erased.insert(entity) }
  }

  mutating func refuse(_ tokens: [String]) {
    refused.formUnion(tokens)
  }

  mutating func excuse(_ tokens: [String]) {
    excused.formUnion(tokens)
  }

  /// For tests of the checks: an edit that nobody made, like one that must exist.
  mutating func pretend(_ token: String) {
    if let some = wanted.first.flatMap({ done[$0] }) { done[token] = some }
  }

  /// What must exist, ordered.
  var wanted: [String] {
    done.filter { !excused.contains($0.key) && !mayBeErased.contains($0.value.change.on) }.keys.sorted {
      ($0.count, $0) < ($1.count, $1)
    }
  }
}

/// Reads the tokens in bytes: `"token":"e17"`.
enum Token {
  private static let pattern = Array("\"token\":\"".utf8)

  static func all(in bytes: [UInt8]) -> [String] {
    var found: [String] = []
    var index = 0
    while index + pattern.count < bytes.count {
      guard bytes[index] == pattern[0], bytes[index...].starts(with: pattern) else {
        index += 1
        continue
      }
      let start = index + pattern.count
      guard let end = bytes[start...].firstIndex(of: UInt8(ascii: "\"")) else { break }
      found.append(String(decoding: bytes[start..<end], as: UTF8.self))
      index = end
    }
    return found
  }
}
