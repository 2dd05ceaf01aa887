import Causality
import Codec
import Merge
import ServiceDesk

/// An entity as `--json` shows it: the same members for every type.
///
/// `fields` holds what is shown, `conflicts` every value of the fields that people disagree about.
package enum EntityJSON {
  /// - Parameter more: members to put behind `type`.
  package static func value(_ state: EntityState, _ more: [(String, JSONText?)] = []) -> JSONText {
    var members: [(String, JSONText)] = [
      ("id", JSONText(state.id.description)), ("type", JSONText(state.id.type)),
    ]
    members += more.compactMap { member in member.1.map { (member.0, $0) } }
    members += [
      ("created", JSONText(state.firstAt.description)), ("updated", JSONText(state.lastAt.description)),
      ("changes", JSONText(state.changeCount)),
    ]
    if state.isErased { members.append(("erased", JSONText(true))) }
    let fields = state.registers.keys.sorted().compactMap { field in
      state.shown(field).map { (field.text, $0.value) }
    }
    let conflicts = state.disagreements.compactMap { field in
      state.registers[field].map { (field.text, JSONText(array: $0.heads.map(head))) }
    }
    let sets = state.sets.keys.sorted().map { ($0.text, strings(state.elements($0))) }
    let counts = state.counters.sorted { $0.key < $1.key }.map { ($0.key.text, JSONText(Int($0.value))) }
    let logs = state.logs.sorted { $0.key < $1.key }.map {
      ($0.key.text, JSONText(array: $0.value.map(entry)))
    }
    for (name, group) in [
      ("fields", fields), ("conflicts", conflicts), ("sets", sets), ("counts", counts), ("logs", logs),
    ] { members.append((name, JSONText(object: group))) }
    return JSONText(object: members)
  }

  package static func strings(_ texts: [String]) -> JSONText { JSONText(array: texts.map { JSONText($0) }) }

  private static func head(_ head: Head) -> JSONText {
    JSONText(present: [
      ("value", head.value), ("by", JSONText(head.by)), ("at", JSONText(head.effective.description)),
      ("change", JSONText(head.id.description)), ("position", head.position.map { JSONText(Int($0)) }),
    ])
  }

  private static func entry(_ entry: LogEntry) -> JSONText {
    JSONText(present: [
      ("at", JSONText(entry.effective.description)), ("by", JSONText(entry.by)),
      ("change", JSONText(entry.id.description)), ("position", entry.position.map { JSONText(Int($0)) }),
      ("value", entry.value),
    ])
  }
}
