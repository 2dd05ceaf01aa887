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
  /// When it was revoked, milliseconds since 1970; nil while it may sync.
  package var revoked: UInt64?

  /// The role of those who may erase.
  package static let supervisor = "supervisor"
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
