import Causality

/// One line of `devices.jsonl`: a device as enrolled, or its revocation. The last line of a device counts.
package struct Device: Codable, Hashable, Sendable {
  /// A random id of ten base-32 characters; the first part of its token.
  package var device: String
  package var agent: String
  package var role: String
  /// The replica in whose name the device may write.
  package var replica: ReplicaID
  /// The hash of its token's secret part.
  package var token: String
  /// Milliseconds since 1970.
  package var enrolled: UInt64
  /// The device whose token got it, in a fork; nil for one that joined with a code, or forked before this was noted.
  package var from: String?
  /// When it was revoked, milliseconds since 1970; nil while it may sync.
  package var revoked: UInt64?

  /// The role of those who may erase.
  package static let supervisor = "supervisor"

  /// Of some devices those that were forked from one, or from forks of it.
  package static func forks(of id: String, in devices: [Device]) -> [Device] {
    let children = Dictionary(grouping: devices.filter { $0.from != nil }) { $0.from }
    var found: [Device] = []
    var known: Set<String> = [id]
    var waiting = [id]
    while let parent = waiting.popLast() {
      // Once each, whatever a file says.
      for child in children[parent] ?? [] where known.insert(child.device).inserted {
        found.append(child)
        waiting.append(child.device)
      }
    }
    return found
  }
}

/// One line of `invites.jsonl`: a one-time code as given out, or its use. The last line of a code counts.
package struct Invite: Codable, Hashable, Sendable {
  package var invite: String
  package var code: String
  package var agent: String?
  package var role: String
  /// Milliseconds since 1970.
  package var expires: UInt64
  package var used: UInt64?
}
