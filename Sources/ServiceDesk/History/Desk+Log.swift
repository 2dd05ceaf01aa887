import Agent
import Causality
import Codec
import Merge
import Storage

/// Which changes a log shows.
public struct LogFilter: Sendable, Hashable {
  /// Only changes by this agent.
  public var agent: String?
  /// Only changes of this entity.
  public var entity: EntityID?
  /// Only changes of entities of this type.
  public var type: String?
  /// Only changes that touch this field.
  public var field: ExactString?
  /// Made at these times by the author's clock, milliseconds since 1970.
  public var since: UInt64?
  /// Only changes dated at this time or earlier, milliseconds since 1970.
  public var until: UInt64?

  /// Every change.
  public init() {}

  func passes(_ placed: PlacedChange) -> Bool {
    let change = placed.change
    if let agent, change.by != agent { return false }
    if let entity, change.on != entity { return false }
    if let type, change.on.type != type { return false }
    if let since, change.at.milliseconds < since { return false }
    if let until, change.at.milliseconds > until { return false }
    guard let field else { return true }
    return HistoryEdit.all(of: change, before: []).contains { $0.field == field }
  }
}

extension Desk {
  /// The changes that a filter lets through, newest in the workspace's order first, unsent ones before all.
  ///
  /// Without the values that they replaced and the changes they ran parallel to, which `history(of:)` has. Cost: what is
  /// in no run; then the runs, newest first, until there are enough; for one entity that entity.
  public func log(_ filter: LogFilter, limit: Int) throws(StorageError) -> [HistoryStep] {
    var found: [PlacedChange] = []
    if let entity = filter.entity {
      found = try store.changes(of: entity).filter(filter.passes)
    } else {
      found = store.newer.values.joined().filter(filter.passes)
      for run in store.runs.runs.reversed() where found.count < limit {
        for member in 0..<run.index.memberCount { found += try run.changes(member).filter(filter.passes) }
      }
    }
    let sorted = found.sorted { left, right in
      let (a, b) = (left.position ?? .max, right.position ?? .max)
      return a == b ? right.change.id < left.change.id : a > b
    }
    return sorted.prefix(max(0, limit)).map { HistoryStep($0, before: []) }
  }
}
