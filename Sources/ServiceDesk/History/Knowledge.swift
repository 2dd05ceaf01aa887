import Agent
import Causality
import Merge
import Storage

/// A cut through the workspace's history: which changes count.
public enum Knowledge: Sendable, Hashable {
  /// What the server had placed up to a position, as every synced replica has it.
  case position(UInt64)
  /// What counts as made up to a moment, milliseconds since 1970: also what reached the server later.
  case time(UInt64)
  /// What a device held: positions up to one, and its own changes up to a sequence, sent or not.
  case device(ReplicaID, position: UInt64, sequence: UInt64)

  /// Whether a change is known at this cut. Cost: constant.
  package func includes(_ placed: PlacedChange) -> Bool {
    switch self {
    case .position(let last): return placed.position.map { $0 <= last } ?? false
    case .time(let last): return placed.effective.milliseconds <= last
    case .device(let replica, let last, let sequence):
      let id = placed.change.id
      if id.replica == replica { return id.sequence <= sequence }
      return placed.position.map { $0 <= last } ?? false
    }
  }
}

/// What is known of what an agent's device knew at a moment.
///
/// A change tells what its author had merged (`seen`), so the knowledge is exact at each of the agent's own changes.
/// Between two of them the device may have synced without editing: then it knew at least what the earlier change says
/// and at most what the later one says. A device's own journal of syncs closes that gap for itself.
public struct DeviceKnowledge: Sendable, Hashable {
  /// The device.
  public let replica: ReplicaID
  /// What it knew for certain.
  public let least: Knowledge
  /// The position that it had at least.
  public let position: UInt64
  /// The position that it can have had at most; nil where nothing limits it.
  public let most: UInt64?
  /// The last own change up to the moment.
  public let lastEdit: HybridTime?
  /// Whether `least` is all that it knew.
  public var isExact: Bool { most == position }
}
