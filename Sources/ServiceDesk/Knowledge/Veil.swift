import Agent
import Causality
import Codec
import Merge
import Storage

/// What may be shown now of single values that were written on an entity, for views that tell of edits and not of states: the
/// steps around a conflict, and questions of a split. A value is judged by what it says of itself, for it may not be there
/// any more.
public struct Veil: Sendable {
  private let state: EntityState
  private let consents: Consents
  private let now: UInt64

  init(_ state: EntityState, _ consents: Consents, now: UInt64) {
    self.state = state
    self.consents = consents
    self.now = now
  }

  /// What stands in the place of a value that may not be shown: `{"withheld":true}`.
  public static let mark = JSONText(object: [("withheld", JSONText(true))])

  /// A value of a register; `mark` where it may not be shown. Cost: the value.
  public func shown(_ value: JSONText, of field: ExactString) -> JSONText {
    let name = field.text
    if name.hasPrefix(Vocabulary.factPrefix) {
      return FactTerms(value).obstacle(for: nil, consents, now: now) == nil ? value : Self.mark
    }
    if name.hasPrefix(Vocabulary.correctedPrefix) {
      let entry = String(name.dropFirst(Vocabulary.correctedPrefix.count))
      return ChangeID(entry).flatMap(state.redaction) == nil ? value : Self.mark
    }
    return value
  }

  /// An entry of a log that a change wrote, without its words where they were redacted since.
  public func shown(entry: JSONText, of field: ExactString, writtenBy change: ChangeID) -> JSONText {
    guard field == Vocabulary.timeline, let redaction = state.redaction(of: change) else { return entry }
    return entry.withoutWords(redaction.value)
  }

  /// A step of the entity's history with what may be shown of its edits. Cost: its edits.
  public func shown(_ step: HistoryStep) -> HistoryStep {
    step.replacing(
      edits: step.edits.map { edit in
        guard let field = edit.field else { return edit }
        let action: HistoryEdit.Action =
          switch edit.action {
          case .set(let value): .set(shown(value, of: field))
          case .log(let entry): .log(shown(entry: entry, of: field, writtenBy: step.id))
          default: edit.action
          }
        let replaced = edit.replaced.map { old in
          HistoryEdit.Replaced(change: old.change, by: old.by, value: shown(old.value, of: field))
        }
        return HistoryEdit(field: field, action: action, replaced: replaced, over: edit.over)
      })
  }
}

extension Desk {
  /// What may be shown now of what was written on an entity; of one that is not known here, what needs no consent of anybody's.
  ///
  /// Cost: the entity, its customer and the settings.
  public func veil(over id: EntityID) throws(DeskError) -> Veil {
    let state = try stored { () throws(StorageError) in try store.mergedState(of: id) }
    let whole = state ?? EntityState(id: id)
    return Veil(whole, try consents(for: whole), now: store.environment.now())
  }

  /// Questions of splits with what may be shown of what was written. Cost: as `veil(over:)` for each profile.
  public func shown(_ questions: [SplitQuestion]) throws(DeskError) -> [SplitQuestion] {
    var veils: [EntityID: Veil] = [:]
    var found: [SplitQuestion] = []
    for question in questions {
      let veil = if let known = veils[question.profile] { known } else { try veil(over: question.profile) }
      veils[question.profile] = veil
      found.append(Self.shown(question, veil))
    }
    return found
  }

  private static func shown(_ question: SplitQuestion, _ veil: Veil) -> SplitQuestion {
    SplitQuestion(
      change: question.change, on: question.on, profile: question.profile, others: question.others,
      items: question.items.map { item in
        switch item {
        case .field(let field, let value): .field(field, veil.shown(value, of: field))
        case .entry(let field, let entry):
          .entry(field, veil.shown(entry: entry, of: field, writtenBy: question.change))
        case .element, .cleared, .dropped, .reference: item
        }
      }, by: question.by, at: question.at, isContradicted: question.isContradicted)
  }
}
