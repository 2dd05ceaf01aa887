import Causality
import Codec
import Merge

/// What differs between two states of one entity.
public struct StateDifference: Sendable {
  /// A field, element or entry that differs.
  public struct Line: Sendable, Hashable {
    /// The field's name.
    public let field: ExactString
    /// What was there and is no more; nil where there was nothing.
    public let old: JSONText?
    /// What is there now; nil where there is nothing.
    public let new: JSONText?
  }

  /// By field; shown values of registers, elements of sets, entries of logs, counters.
  public let lines: [Line]

  /// Compares two states of an entity; nil is one of which nothing is known.
  public init(_ old: EntityState?, _ new: EntityState?) {
    var lines: [Line] = []
    func keys<Value>(_ part: (EntityState) -> [ExactString: Value]) -> [ExactString] {
      Set(old.map { Array(part($0).keys) } ?? []).union(new.map { Array(part($0).keys) } ?? []).sorted()
    }
    for field in keys(\.registers) {
      let (before, after) = (Self.value(old, field), Self.value(new, field))
      if before != after { lines.append(Line(field: field, old: before, new: after)) }
    }
    for field in keys(\.sets) {
      let before = Set((old?.sets[field] ?? [:]).keys)
      let after = Set((new?.sets[field] ?? [:]).keys)
      for element in before.subtracting(after).sorted() {
        lines.append(Line(field: field, old: JSONText(element.text), new: nil))
      }
      for element in after.subtracting(before).sorted() {
        lines.append(Line(field: field, old: nil, new: JSONText(element.text)))
      }
    }
    for field in keys(\.counters) {
      let (before, after) = (old?.counters[field], new?.counters[field])
      if before != after {
        lines.append(
          Line(field: field, old: before.map { JSONText(Int($0)) }, new: after.map { JSONText(Int($0)) }))
      }
    }
    for field in keys(\.logs) {
      let known = Set((old?.logs[field] ?? []).map(\.id))
      for entry in new?.logs[field] ?? [] where !known.contains(entry.id) {
        lines.append(Line(field: field, old: nil, new: entry.value))
      }
      let left = Set((new?.logs[field] ?? []).map(\.id))
      for entry in old?.logs[field] ?? [] where !left.contains(entry.id) {
        lines.append(Line(field: field, old: entry.value, new: nil))
      }
    }
    self.lines = lines
  }

  /// A field's value; where people disagree, all values as an array, the shown one first.
  private static func value(_ state: EntityState?, _ field: ExactString) -> JSONText? {
    guard let state, let shown = state.shown(field), let register = state.registers[field] else { return nil }
    guard register.isConflict else { return shown.value }
    let others = register.heads.filter { $0.id != shown.id && $0.value != shown.value }.map(\.value).sorted()
    return JSONText(array: [shown.value] + others)
  }
}
