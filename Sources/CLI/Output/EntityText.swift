import Causality
import Codec
import Merge

/// An entity as a person reads it, whatever its type.
package enum EntityText {
  package static func write(
    _ state: EntityState, _ policy: EntityJSON.Policy = { _ in .latest }, to output: Output
  ) {
    output.line(output.styled(state.id.description, .bold))
    let created = "created \(Moment.local(state.firstAt))"
    let updated = state.lastAt == state.firstAt ? "" : ", changed \(Moment.local(state.lastAt))"
    output.line("\(created)\(updated), \(Words.count(state.changeCount, "change"))")
    if state.isErased {
      output.line(output.styled("erased: nothing is kept but that it was there", .yellow))
      return
    }
    var rows: [(name: String, text: String, style: Style?)] = []
    for field in state.registers.keys.sorted() {
      guard let register = state.registers[field], let shown = register.shown(policy(field)) else { continue }
      rows.append((field.text, shown.value.plain, nil))
      guard register.isConflict else { continue }
      for head in register.heads where head.id != shown.id && head.value != shown.value {
        rows.append(("", "or \(head.value.plain), by \(head.by) \(Moment.local(head.effective))", .yellow))
      }
    }
    for field in state.sets.keys.sorted() {
      rows.append((field.text, state.elements(field).joined(separator: ", "), nil))
    }
    for (field, count) in state.counters.sorted(by: { $0.key < $1.key }) {
      rows.append((field.text, String(count), nil))
    }
    let width = rows.map { Plain.width(Plain.line($0.name)) }.max() ?? 0
    for row in rows {
      let name = Plain.line(row.name)
      let gap = String(repeating: " ", count: width - Plain.width(name) + 2)
      output.line("  \(name)\(gap)\(output.styled(Plain.line(row.text), row.style))")
    }
    for (field, entries) in state.logs.sorted(by: { $0.key < $1.key }) {
      output.line("  \(Plain.line(field.text))")
      for entry in entries {
        output.line(
          "    \(Moment.local(entry.effective))  \(Plain.line(entry.by))  \(Plain.line(entry.value.plain))")
      }
    }
  }
}
