import Causality
import Codec
import Merge
import ServiceDesk

/// An entity as a person reads it, whatever its type.
package enum EntityText {
  package static func write(_ state: EntityState, to output: Output) {
    guard heading(state.id.description, state, output) else { return }
    var sheet = Sheet()
    for field in PlainView(state).fields { sheet.add(field.name.text, field) }
    for field in state.sets.keys.sorted() {
      sheet.add(field.text, state.elements(field).joined(separator: ", "))
    }
    for (field, count) in state.counters.sorted(by: { $0.key < $1.key }) {
      sheet.add(field.text, String(count))
    }
    sheet.write(to: output, indent: "  ")
    for (field, entries) in state.logs.sorted(by: { $0.key < $1.key }) {
      output.line("  " + output.styled(Plain.line(field.text), .dim))
      for entry in entries {
        output.line(
          "    \(Moment.local(entry.effective))  \(Plain.line(entry.by))  \(Plain.line(entry.value.plain))")
      }
    }
  }

  /// Writes the first lines of an entity's page: what it is, and when it was made and changed. False where it is erased,
  /// which they say then: there is no more to write.
  static func heading(_ title: String, _ state: EntityState, _ output: Output) -> Bool {
    output.line(output.styled(title, .bold))
    output.line(dates(state))
    if state.isErased { output.line(erased(output)) }
    return !state.isErased
  }

  /// `created ..., changed ..., 3 changes`
  static func dates(_ state: EntityState) -> String {
    let changed = state.lastAt == state.firstAt ? "" : ", changed \(Moment.local(state.lastAt))"
    return "created \(Moment.local(state.firstAt))\(changed), \(Words.count(state.changeCount, "change"))"
  }

  /// Says how many facts were left out because they must not be shown.
  static func tellHidden(_ count: Int, _ output: Output) {
    guard count > 0 else { return }
    let text = "\(Words.count(count, "fact")) hidden: no consent to the purpose, or expired"
    output.line(output.styled(text, .dim))
  }

  static func erased(_ output: Output) -> String {
    output.styled("erased: nothing is kept but that it was there", .yellow)
  }
}

/// A look at an entity of any type.
struct PlainView: EntityView {
  let state: EntityState
  var id: EntityID { state.id }

  init(_ state: EntityState) { self.state = state }
}
