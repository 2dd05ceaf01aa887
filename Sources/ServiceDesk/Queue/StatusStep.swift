import Causality
import Codec
import Merge

/// A status that a ticket showed from some time on.
struct StatusStep {
  /// When, as it counts in the merge, milliseconds since 1970.
  let at: UInt64
  /// "" where it was cleared.
  let status: String

  /// All that a ticket went through, the earliest first: what it showed after each change of its status, by the policy of the field.
  /// So a change that lost against one that was made at the same time is no step, however late it was.
  ///
  /// Cost: per change; of those of the status also for each before it.
  static func all(of changes: [PlacedChange]) -> [StatusStep] {
    let telling = changes.filter { $0.change.body.contains(word: BodyWords.status) }
      .sorted { ($0.effective, $0.change.id) < ($1.effective, $1.change.id) }
    guard let ticket = telling.first?.change.on else { return [] }
    var steps: [StatusStep] = []
    var fold = Fold(ticket)
    for placed in telling {
      fold.apply(placed)
      let status = fold.finish().text("status") ?? ""
      guard status != steps.last?.status ?? "" else { continue }
      steps.append(StatusStep(at: placed.effective.milliseconds, status: status))
    }
    return steps
  }
}
