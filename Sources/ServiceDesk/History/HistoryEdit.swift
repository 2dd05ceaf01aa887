import Causality
import Codec
import Merge

/// What one change did to one field.
public struct HistoryEdit: Sendable, Hashable {
  /// What was done to the field.
  public enum Action: Sendable, Hashable {
    /// A register got a value.
    case set(JSONText)
    /// A register lost the values that its author saw.
    case clear
    case add(ExactString)
    /// The author took back the adds of an element that they saw.
    case drop(ExactString)
    case log(JSONText)
    case count(Int64)
    case erase
  }

  /// nil for an erasure.
  public let field: ExactString?
  /// What was done.
  public let action: Action
  /// The values that a register's new one replaced, with who wrote them; those that are known here.
  public let replaced: [Replaced]
  /// The heads of a register that the author named as replaced, or the adds of an element that a drop took back, known here
  /// or not.
  public let over: [ChangeID]

  /// A value that was replaced.
  public struct Replaced: Sendable, Hashable {
    /// The change that had written it.
    public let change: ChangeID
    /// Who had written it.
    public let by: String
    /// What it was.
    public let value: JSONText
  }

  /// Whether it erases the entity.
  public var isErasure: Bool { action == .erase }

  /// The value that a register got; nil for anything else.
  public var value: JSONText? { if case .set(let value) = action { value } else { nil } }

  /// The edits of a change, in the order of its line.
  static func all(of change: Change, before steps: [HistoryStep]) -> [HistoryEdit] {
    var sets: [ExactString: JSONText] = [:]
    var overs: [ExactString: [ChangeID]] = [:]
    var adds: [ExactString: [ExactString: [ChangeID]]] = [:]
    var drafts: [(ExactString?, Action)] = []
    // A body was validated before it was stored; were it damaged, what comes before the damage counts.
    try? ChangeBody.operations(of: change.body) { operation in
      switch operation {
      case .set(let field, let value):
        sets[field] = value
        drafts.append((field, .set(value)))
      case .replaces(let field, let heads):
        overs[field, default: []] += heads
        if sets[field] == nil { drafts.append((field, .clear)) }
      case .add(let field, let element): drafts.append((field, .add(element)))
      case .drop(let field, let element, let named):
        adds[field, default: [:]][element, default: []] += named
        drafts.append((field, .drop(element)))
      case .log(let field, let entry): drafts.append((field, .log(entry)))
      case .count(let field, let step): drafts.append((field, .count(step)))
      case .erase: drafts.append((nil, .erase))
      }
    }
    return drafts.compactMap { field, action in
      // `over` may stand before `set` in the line.
      if action == .clear, let field, sets[field] != nil { return nil }
      let over = field.flatMap { overs[$0] } ?? []
      if let field, case .drop(let element) = action {
        return HistoryEdit(field: field, action: action, replaced: [], over: adds[field]?[element] ?? [])
      }
      let isRegister = if case .set = action { true } else { action == .clear }
      return HistoryEdit(
        field: field, action: action,
        replaced: isRegister ? over.compactMap { value(of: field, $0, steps) } : [],
        over: isRegister ? over : [])
    }
  }

  private static func value(
    of field: ExactString?, _ id: ChangeID, _ steps: [HistoryStep]
  ) -> Replaced? {
    guard let step = steps.last(where: { $0.id == id }),
      let value = step.edits.lazy.filter({ $0.field == field }).compactMap(\.value).first
    else { return nil }
    return Replaced(change: id, by: step.by, value: value)
  }
}
