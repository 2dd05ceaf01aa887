import Causality
import Codec
import Merge
import ServiceDesk

/// Steps of a history as a person reads them.
enum HistoryText {
  /// What the help of commands says that show a history as it was written, because they are there to find out what happened.
  static let isWhole =
    "It shows what was written as it was written: also facts that may not be shown elsewhere, and words that were redacted."

  /// What a step did, each edit in words: `status: new -> open`.
  static func edits(_ step: HistoryStep, _ field: ExactString? = nil) -> [String] {
    let shown = step.edits.filter { field == nil || $0.field == field }
    var words = shown.map(words)
    if step.restores != nil { words = words.map { $0 + " (brought back)" } }
    if let note = step.note { words.append("because: \(note)") }
    if shown.isEmpty, field == nil {
      words.append(step.placed.change.creates ? "created" : "nothing that is kept")
    }
    return words
  }

  static func words(_ edit: HistoryEdit) -> String {
    let name = edit.field?.text ?? ""
    switch edit.action {
    case .set(let value):
      let old = edit.replaced.map { told($0.value) }
      return old.isEmpty
        ? "\(name): \(told(value))" : "\(name): \(old.joined(separator: " and ")) -> \(told(value))"
    case .clear:
      return "\(name): \(edit.replaced.map { told($0.value) }.joined(separator: " and ")) -> (nothing)"
    case .add(let element): return "\(name): + \(element.text)"
    case .drop(let element): return "\(name): - \(element.text)"
    case .log(let entry):
      let redacted = entry["redacted"].map { "(redacted: \($0.plain))" }
      let text = entry["text"]?.plain ?? redacted ?? entry.plain
      let marks = ["kind", "channel", "direction"].compactMap { entry[$0]?.plain }.joined(separator: " ")
      return "\(name): \(marks.isEmpty ? "" : "(\(marks)) ")\(text)"
    case .count(let step): return "\(name): \(step < 0 ? "" : "+")\(step)"
    case .erase: return "erased"
    }
  }

  /// A value as a person reads it.
  static func told(_ value: JSONText) -> String { value == Veil.mark ? "(may not be shown)" : value.told }

  /// The number that a change has in the workspace's order.
  static func place(_ step: HistoryStep) -> String {
    step.position.map { Words.grouped(Int($0)) } ?? "unsent"
  }

  /// How a step stands to others: `parallel to bo (k7f3.418)`.
  static func parallel(_ step: HistoryStep, _ history: EntityHistory, _ desk: Desk) -> String? {
    guard !step.parallel.isEmpty else { return nil }
    let others = step.parallel.compactMap { history.step($0) }
    let names = Set(others.map(\.by)).sorted().joined(separator: ", ")
    return "parallel to \(Words.count(others.count, "edit")) of \(names)"
  }
}

/// Steps of a history for programs.
enum HistoryJSON {
  /// `{"change":ID,"position":N,"by":AGENT,"replica":ID,"at":TIME,"counts":TIME,"received":TIME,"arrived":TIME,"seen":N,
  /// "parallel":[CHANGE...],"note":TEXT,"settles":CONFLICT,"restores":CHANGE,"edits":[...]}`; members that say nothing are
  /// left out.
  static func step(_ step: HistoryStep, _ journal: SyncArrivals, _ field: ExactString? = nil) -> JSONText {
    JSONText(present: [
      ("change", JSONText("\(step.id)")), ("position", step.position.map { JSONText(Int($0)) }),
      ("by", JSONText(step.by)), ("replica", JSONText("\(step.replica)")), ("at", JSONText("\(step.at)")),
      ("counts", JSONText("\(step.effective)")),
      ("received", step.placed.stamp.map { JSONText("\(HybridTime(milliseconds: $0))") }),
      ("arrived", journal.arrival(step).map { JSONText("\(HybridTime(milliseconds: $0))") }),
      ("seen", JSONText(Int(step.placed.seen))),
      ("parallel", step.parallel.isEmpty ? nil : JSONText(array: step.parallel.map { JSONText("\($0)") })),
      ("note", step.note.map { JSONText($0) }), ("settles", step.settles.map { JSONText($0) }),
      ("restores", step.restores.map { JSONText("\($0)") }),
      ("edits", JSONText(array: step.edits.filter { field == nil || $0.field == field }.map(edit))),
    ])
  }

  /// `{"field":NAME,"action":"set","value":JSON,"replaced":[{"change":ID,"by":AGENT,"value":JSON}...]}`; the action is one of
  /// set, clear, add, drop, log, count, erase.
  static func edit(_ edit: HistoryEdit) -> JSONText {
    let (action, value): (String, JSONText?) =
      switch edit.action {
      case .set(let value): ("set", value)
      case .clear: ("clear", nil)
      case .add(let element): ("add", JSONText(element.text))
      case .drop(let element): ("drop", JSONText(element.text))
      case .log(let entry): ("log", entry)
      case .count(let step): ("count", JSONText(Int(step)))
      case .erase: ("erase", nil)
      }
    let replaced = edit.replaced.map { old in
      JSONText(object: [
        ("change", JSONText("\(old.change)")), ("by", JSONText(old.by)), ("value", old.value),
      ])
    }
    return JSONText(present: [
      ("field", edit.field.map { JSONText($0.text) }), ("action", JSONText(action)), ("value", value),
      ("replaced", replaced.isEmpty ? nil : JSONText(array: replaced)),
    ])
  }
}
