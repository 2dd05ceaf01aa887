import Causality
import Codec
import Merge

/// A status that a ticket was given.
struct StatusStep {
  /// When, as it counts in the merge, milliseconds since 1970.
  let at: UInt64
  let status: String

  /// All that a ticket went through, as its changes set them, the earliest first. Cost: per change.
  static func all(of changes: [PlacedChange]) -> [StatusStep] {
    var found: [(at: HybridTime, id: ChangeID, status: String)] = []
    for placed in changes {
      // A body that cannot be read sets nothing in the merge either.
      try? ChangeBody.operations(of: placed.change.body) { operation in
        guard case .set("status", let value) = operation else { return }
        found.append((placed.effective, placed.change.id, value.plain))
      }
    }
    found.sort { ($0.at, $0.id) < ($1.at, $1.id) }
    return found.map { StatusStep(at: $0.at.milliseconds, status: $0.status) }
  }
}
