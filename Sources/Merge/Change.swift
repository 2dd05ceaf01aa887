import Causality
import Codec

/// One immutable edit of one entity by one replica: the unit of storage, sync and merge.
public struct Change: Hashable, Sendable {
  /// Its id: the replica that made it, and which of that one's it is.
  public let id: ChangeID
  /// When the author's clock said that it was made.
  public let at: HybridTime
  /// The position in the workspace's order up to which the author had merged.
  public let seen: UInt64
  /// The agent, as the workspace names them.
  public let by: String
  /// What was edited.
  public let on: EntityID
  /// The members of the change line behind `on`, byte for byte as the author wrote them, without the braces
  /// and the leading comma: `"set":{"status":"solved"},"over":{"status":["b2x9m1c0aa.77"]}`.
  package let body: [UInt8]

  package init(id: ChangeID, at: HybridTime, seen: UInt64, by: String, on: EntityID, body: [UInt8]) {
    self.id = id
    self.at = at
    self.seen = seen
    self.by = by
    self.on = on
    self.body = body
  }

  /// A change whose canonical line is longer is refused, in bytes: 256 KiB.
  public static let maximumSize = 256 << 10
  /// The longest agent name, in bytes of UTF-8.
  public static let maximumAuthor = 100
  /// What an agent's name is, in words for people.
  package static let authorRule = "an agent's name has 1 to \(maximumAuthor) bytes and no control characters"

  /// Whether a name may be that of an agent who sets up a store or joins: 1 to 100 bytes without control characters, each of
  /// which takes six in a file.
  package static func isAuthor(_ name: String) -> Bool {
    1...maximumAuthor ~= name.utf8.count
      && name.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
  }

  /// Whether this change creates the entity that it is on.
  public var creates: Bool { on.origin == id }

  /// The change with another body: what is left of it.
  package func with(body: [UInt8]) -> Change {
    Change(id: id, at: at, seen: seen, by: by, on: on, body: body)
  }
}

/// A change and where the server put it.
public struct PlacedChange: Hashable, Sendable {
  /// The change itself.
  public let change: Change
  /// The place in the workspace's order, from 1; nil for an own change that no server acknowledged yet.
  public let position: UInt64?
  /// Milliseconds since 1970 by the server's clock when it received the change; nil like `position`.
  public let stamp: UInt64?
  /// The last position up to which the change's `seen` speaks of this lineage of the log; nil when all of it
  /// does. Set where a server had lost a part of its log after the author saw it.
  public let seenLimit: UInt64?

  /// A change with what the server said of it; nil where it has not received it yet.
  public init(_ change: Change, position: UInt64? = nil, stamp: UInt64? = nil, seenLimit: UInt64? = nil) {
    self.change = change
    self.position = position
    self.stamp = stamp
    self.seenLimit = seenLimit
  }

  /// Another form of the change in its place.
  package func with(_ change: Change) -> PlacedChange {
    PlacedChange(change, position: position, stamp: stamp, seenLimit: seenLimit)
  }

  /// The position up to which the author had merged, in this lineage of the log. Whatever a change claims, it does not know
  /// what came behind it.
  public var seen: UInt64 {
    let seen = min(change.seen, seenLimit ?? change.seen)
    return position.map { min(seen, $0 &- 1) } ?? seen
  }

  /// Whether the author had merged `other` when making this change.
  public func knew(_ other: PlacedChange) -> Bool {
    if other.change.id.replica == change.id.replica { return other.change.id.sequence < change.id.sequence }
    guard let position = other.position else { return false }
    return position <= seen
  }

  /// When the change counts as made: as dated, unless that lies more than five minutes after the server
  /// received it; then the moment of receipt.
  ///
  /// So a clock that runs days ahead wins nothing, and every replica computes the same.
  public var effective: HybridTime {
    guard let stamp, change.at.milliseconds > stamp &+ HybridClock.tolerance else { return change.at }
    return HybridTime(milliseconds: stamp)
  }

  /// Whether the server's receipt replaced the author's date.
  public var isClamped: Bool { effective != change.at }
}
