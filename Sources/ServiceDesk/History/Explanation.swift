import Causality
import Codec
import Merge

/// Why a field of an entity has the value that is shown, step by step.
public struct Explanation: Sendable {
  /// The field's name.
  public let field: ExactString
  /// The shown value; nil where there is none.
  public let shown: Head?
  /// The rule that picks it where there are several.
  public let policy: WinnerPolicy
  /// Every change of the field, oldest first.
  public let steps: [Step]
  /// In plain words, the last one says why the value is shown.
  public let sentences: [String]

  /// A change of the field.
  public struct Step: Sendable {
    /// The change.
    public let step: HistoryStep
    /// What it did to the field.
    public let edit: HistoryEdit
    /// Whether its value counts still.
    public let isHead: Bool
    /// The heads that were there and that its author did not know.
    public let unknown: [ChangeID]
  }

  /// Explains a field of any kind. Cost: the entity's changes.
  ///
  /// - Parameter moment: writes a time as the reader wants it.
  public init(_ history: EntityHistory, _ field: ExactString, moment: (HybridTime) -> String) {
    self.field = field
    policy = Vocabulary.policy(type: history.id.type, field: field)
    let state = history.state()
    let shown = state?.shown(field)
    self.shown = shown
    let heads = Set((state?.registers[field]?.heads ?? []).map(\.id))
    var steps: [Step] = []
    var present: [ChangeID] = []
    var sentences: [String] = []
    for step in history.steps {
      for edit in step.edits where edit.field == field {
        let unknown = present.filter { id in
          !edit.over.contains(id) && history.step(id).map { !step.placed.knew($0.placed) } ?? false
        }
        steps.append(Step(step: step, edit: edit, isHead: heads.contains(step.id), unknown: unknown))
        sentences.append(Self.sentence(step, edit, unknown, history, moment))
        present.removeAll { edit.over.contains($0) }
        if edit.value != nil { present.append(step.id) }
      }
    }
    self.steps = steps
    if steps.isEmpty {
      sentences.append("Nobody has set \(field.text) yet.")
    } else if state?.isErased == true {
      sentences.append("The \(history.id.type) was erased, so it has no \(field.text).")
    } else if let shown {
      let heads = state?.registers[field]?.heads ?? []
      let isOpen = Vocabulary.isDisagreement(type: history.id.type, field: field, heads.map(\.value))
      sentences.append(Self.conclusion(shown, heads, policy, isOpen: isOpen))
    } else if let state, let sum = Self.sum(steps.map(\.edit.action), state, field) {
      sentences.append(sum)
    } else {
      sentences.append("It is cleared, so nothing is shown.")
    }
    self.sentences = sentences
  }

  private static func sentence(
    _ step: HistoryStep, _ edit: HistoryEdit, _ unknown: [ChangeID], _ history: EntityHistory,
    _ moment: (HybridTime) -> String
  ) -> String {
    var text = "\(step.by) "
    switch edit.action {
    case .set(let value):
      text += step.restores == nil ? "set it to " : "brought back "
      text += words(value, 200)
    case .clear: text += "cleared it"
    case .add(let element): text += "put \(Phrase.quoted(element.text)) in"
    case .drop(let element): text += "took \(Phrase.quoted(element.text)) out"
    case .log(let entry): text += "added \(Phrase.quoted(entry["text"]?.plain ?? entry.plain))"
    case .count(let step): text += step < 0 ? "counted \(step)" : "counted +\(step)"
    case .erase: text += "erased it"
    }
    text += " on \(moment(step.at))"
    if step.placed.isClamped {
      text +=
        ", by a clock that ran ahead: it counts as made on \(moment(step.effective)), when the server received it"
    }
    if !edit.replaced.isEmpty {
      let old = edit.replaced.map { "\(words($0.value)) by \($0.by)" }
      text += ", in place of \(Phrase.list(old))"
    }
    if let note = step.note { text += ", because: \(note)" }
    if !unknown.isEmpty {
      let others = unknown.compactMap { history.step($0) }.map {
        "\(Phrase.quoted($0.value(of: edit.field ?? "")?.plain ?? "")) by \($0.by)"
      }
      text += ", without knowing of \(Phrase.list(others))"
      text += step.position == nil ? "" : " (it had merged up to position \(step.placed.seen))"
    }
    return text + "."
  }

  /// A value in quotes, or that it is no longer kept.
  private static func words(_ value: JSONText, _ limit: Int = 60) -> String {
    value.isThinned ? value.told : Phrase.quoted(value.plain, limit)
  }

  /// What a set, a log or a counter holds, and why; nil for a register.
  private static func sum(
    _ actions: [HistoryEdit.Action], _ state: EntityState, _ field: ExactString
  ) -> String? {
    for action in actions {
      switch action {
      case .add, .drop:
        let elements = state.elements(field)
        if elements.isEmpty { return "All that was put in was taken out again, so it is empty." }
        return
          "It holds \(Phrase.list(elements.map { Phrase.quoted($0) })): what was put in, and not taken out by anybody who "
          + "knew that it was."
      case .log:
        let count = state.logs[field]?.count ?? 0
        return "It has \(count == 1 ? "one entry" : "\(count) entries"): an entry is never replaced."
      case .count: return "The steps add up to \(state.counters[field] ?? 0)."
      case .set, .clear, .erase: continue
      }
    }
    return nil
  }

  private static func conclusion(
    _ shown: Head, _ heads: [Head], _ policy: WinnerPolicy, isOpen: Bool
  ) -> String {
    let value = Phrase.quoted(shown.value.plain, 200)
    guard heads.contains(where: { $0.value != shown.value }) else {
      return heads.count > 1
        ? "\(heads.count) people set it to \(value) without knowing of each other, so they agree."
        : "Nothing replaced \(value), so it is shown."
    }
    let reason =
      switch policy {
      case .latest: "it counts as the latest"
      case .earliest: "it is the earliest: who came first has it"
      case .first(let order) where order != Vocabulary.statuses,
        .last(let order) where order != Vocabulary.priorities:
        "the rule is the \(policy.name)" + (order.isEmpty ? "" : ", whichever is later")
      case .first: "of several the least finished is shown, because a wrongly finished one harms more"
      case .last: "of several the highest is shown"
      }
    return
      "\(heads.count) values are left, and none of their authors knew the others. \(value) is shown, because \(reason). "
      + (isOpen ? "Somebody has to settle it." : "The rule answers it, so nobody has to settle it.")
  }
}
