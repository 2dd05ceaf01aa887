import Causality
import Merge

/// An entity's history as lanes of text: a column for each device, a row for each change.
public struct HistoryGraph: Sendable {
  /// A change, and how it stands to those above it.
  public struct Line: Sendable {
    /// `| X .`: `*` the change, `X` one that did not know another above it, `|` a device between two of its changes, ` ` a
    /// device before its first or behind its last.
    public let lanes: String
    /// The step's index, from 0.
    public let number: Int
    /// The change.
    public let step: HistoryStep
    /// The indices of the earlier steps that it did not know.
    public let unknown: [Int]
  }

  /// The changes in the workspace's order, oldest first.
  public let lines: [Line]

  /// Cost: the entity's changes, times its devices.
  public init(_ history: EntityHistory) {
    var order: [ReplicaID] = []
    var last: [ReplicaID: Int] = [:]
    var first: [ReplicaID: Int] = [:]
    for (index, step) in history.steps.enumerated() {
      if first[step.replica] == nil {
        order.append(step.replica)
        first[step.replica] = index
      }
      last[step.replica] = index
    }
    lines = history.steps.enumerated().map { index, step in
      let unknown = step.parallel.compactMap { history.index(of: $0) }
      let lanes = order.map { replica -> String in
        if replica == step.replica { return unknown.isEmpty ? "*" : "X" }
        return first[replica] ?? 0 < index && index < last[replica] ?? 0 ? "|" : " "
      }
      return Line(lanes: lanes.joined(separator: " "), number: index, step: step, unknown: unknown)
    }
  }
}
