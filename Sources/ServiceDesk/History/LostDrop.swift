import Causality
import Codec
import Merge

/// Elements that somebody took out of a set, and somebody else, who did not know of that, put in: they stay in, because an
/// add wins over a drop that had not seen it.
struct LostDrop {
  let field: ExactString
  let elements: [ExactString]
  let drop: HistoryStep
  let adds: [HistoryStep]

  /// All of an entity, in order. Cost: per change, and per drop the adds of its set.
  static func all(_ history: EntityHistory) -> [LostDrop] {
    guard !history.isErased else { return [] }
    var found: [LostDrop] = []
    for step in history.steps {
      var lost: [ExactString: (elements: [ExactString], adds: [HistoryStep])] = [:]
      for edit in step.edits {
        guard let field = edit.field, case .drop(let element) = edit.action else { continue }
        let adds = history.steps.filter { other in
          other.isParallel(to: step) && !edit.over.contains(other.id)
            && other.edits.contains { $0.field == field && $0.action == .add(element) }
        }
        guard !adds.isEmpty else { continue }
        lost[field, default: ([], [])].elements.append(element)
        for add in adds where !(lost[field]?.adds.contains { $0.id == add.id } ?? false) {
          lost[field]?.adds.append(add)
        }
      }
      for (field, parts) in lost.sorted(by: { $0.key < $1.key }) {
        found.append(
          LostDrop(field: field, elements: parts.elements.sorted(), drop: step, adds: parts.adds))
      }
    }
    return found
  }
}
