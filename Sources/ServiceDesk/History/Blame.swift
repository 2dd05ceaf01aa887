import Causality
import Codec
import Merge

/// Who last wrote what an entity says: each value of each field, and each element of each set.
public struct Blame: Sendable {
  /// A value or an element, and who wrote it.
  public struct Line: Sendable {
    /// The field's name.
    public let field: ExactString
    /// The field's value or the set's element.
    public let value: JSONText
    /// The change that wrote it.
    public let step: HistoryStep
    /// Whether it is what people see; false for the other values of a conflict.
    public let isShown: Bool
  }

  /// Ordered by field, of a register the shown value first, then by change id, of a set by element.
  public let lines: [Line]

  /// Cost: the entity's changes.
  public init(_ history: EntityHistory) {
    var lines: [Line] = []
    if let state = history.state() {
      for field in Set(state.registers.keys).union(state.sets.keys).sorted() {
        let shown = state.shown(field)?.id
        let heads = (state.registers[field]?.heads ?? []).sorted {
          $0.id == shown || ($1.id != shown && $0.id < $1.id)
        }
        for head in heads {
          guard let step = history.step(head.id) else { continue }
          lines.append(Line(field: field, value: head.value, step: step, isShown: head.id == shown))
        }
        for (element, adds) in (state.sets[field] ?? [:]).sorted(by: { $0.key < $1.key }) {
          // Of several who added it, the last one.
          guard
            let step = adds.compactMap({ history.step($0) }).max(by: {
              ($0.effective, $0.id) < ($1.effective, $1.id)
            })
          else { continue }
          lines.append(Line(field: field, value: JSONText(element.text), step: step, isShown: true))
        }
      }
    }
    self.lines = lines
  }
}
