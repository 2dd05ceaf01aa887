import Causality
import Codec
import Merge

/// Writes entities as CSV or as JSON lines that `Importer` reads back.
///
/// Where people disagree, CSV holds the value that is shown, and a JSON line the others too, under
/// `conflicts`. Consent is the caller's: what must not leave is taken out of `fields`, or the entity is not
/// given.
package struct EntityWriter: Sendable {
  /// The registers, sets and counters to write, in this order. In CSV also `ref`, `id` (of the entity),
  /// `created` and `updated`; a column each. Nil, for JSON lines only: all, ordered by name.
  package var fields: [ExactString]?
  /// What a column of CSV holds where that is no text.
  package var kinds: [ExactString: ExportedColumn.Kind] = [:]
  /// Whether JSON lines hold the logs.
  package var hasLogs = true
  package var csv = CSVWriter()
  /// Parts the elements of a set in a cell. A set with an element that would not come back so is written as a JSON array.
  package var setSeparator = ";"
  /// Which value of a field is shown.
  package var policy: @Sendable (ExactString) -> WinnerPolicy = { _ in .latest }
  /// The `ref` of the entity that a register names; nil keeps the entity's id.
  package var ref: @Sendable (EntityID) -> String? = { _ in nil }

  package init(fields: [ExactString]? = nil) {
    self.fields = fields
  }

  /// The columns that follow from history, whatever is written in fields of their names.
  package static let derived: [ExactString] = ["id", "created", "updated"]

  /// Appends the line of column names.
  package func writeHeader(to output: inout [UInt8]) {
    let columns = (fields ?? []).map { field in
      ExportedColumn(field, Self.derived.contains(field) ? .text : kinds[field] ?? .text)
    }
    csv.write(columns.map(\.name), to: &output)
  }

  /// Appends the entity as one line of CSV.
  package func writeRow(_ state: EntityState, to output: inout [UInt8]) {
    csv.write((fields ?? []).map { cell(state, $0) }, to: &output)
  }

  private func cell(_ state: EntityState, _ field: ExactString) -> String {
    switch field {
    case "id": return state.id.description
    case "created": return Self.plain(state.firstAt)
    case "updated": return Self.plain(state.lastAt)
    default: break
    }
    // A value that somebody wrote under the name of a set is none of its elements.
    if kinds[field] != .set, let value = state.registers[field]?.shown(policy(field))?.value {
      if value.isNull { return "" }
      if kinds[field] == .json { return value.text }
      // Only what is read back as a link is written as one.
      let type = ExportedColumn.link(field, of: state.id.type)
      let link = type == nil ? nil : link(value)
      return link.flatMap { $0.type == type ? $0.ref.text : nil } ?? value.plain
    }
    if state.sets[field] != nil {
      let elements = state.elements(field)
      // A single element that looks like a JSON array would be read as one, and spaces at the ends are taken off.
      let isPlain = elements.allSatisfy { element in
        let bytes = Array(element.utf8)[...]
        return !element.contains(setSeparator) && !element.hasPrefix("[")
          && bytes.trimmed().count == bytes.count
          && !bytes.isEmpty
      }
      return isPlain
        ? elements.joined(separator: setSeparator) : JSONText(array: elements.map { JSONText($0) }).text
    }
    if let count = state.counters[field] { return String(count) }
    return field == "ref" ? state.id.description : ""
  }

  /// A time as every program reads it: what counts within a millisecond means nothing to a table, and import passes over it.
  private static func plain(_ time: HybridTime) -> String {
    HybridTime(milliseconds: time.milliseconds).description
  }

  /// Appends the entity as one JSON line.
  ///
  /// - Parameter cleared: fields that it has no more; the line has them as `null`.
  package func writeLine(
    _ state: EntityState, cleared: Set<ExactString> = [], to output: inout [UInt8]
  ) {
    let ref: ExactString = "ref"
    var members: [(String, JSONText)] = [
      ("type", JSONText(state.id.type)), ("ref", JSONText(state.string(ref) ?? state.id.description)),
      ("id", JSONText(state.id.description)),
    ]
    var values: [(String, JSONText)] = []
    var links: [(String, JSONText)] = []
    var conflicts: [(String, JSONText)] = []
    for field in chosen(Set(state.registers.keys).union(cleared)) where field != ref {
      guard let register = state.registers[field], let head = register.shown(policy(field)) else {
        if cleared.contains(field) { values.append((field.text, JSONText(unchecked: Array("null".utf8)))) }
        continue
      }
      if let target = link(head.value) {
        links.append((field.text, JSONText(target.description)))
      } else {
        values.append((field.text, field == SplitField.name ? split(head.value) : head.value))
      }
      if register.isConflict { conflicts.append((field.text, JSONText(array: register.heads.map(\.value)))) }
    }
    var sets: [(String, JSONText)] = []
    for field in chosen(Set(state.sets.keys)) {
      let elements = state.elements(field)
      let ties = elements.compactMap { tie($0) }
      let others = ties.count == elements.count ? [] : elements.filter { tie($0) == nil }
      if !ties.isEmpty { links.append((field.text, JSONText(array: ties.map { JSONText($0.description) }))) }
      if !others.isEmpty || ties.isEmpty {
        sets.append((field.text, JSONText(array: others.map { JSONText($0) })))
      }
    }
    let counts = chosen(Set(state.counters.keys)).map { ($0.text, JSONText(Int(state.counters[$0] ?? 0))) }
    for (name, group) in [
      ("fields", values), ("sets", sets), ("links", links), ("counts", counts), ("conflicts", conflicts),
    ] where !group.isEmpty { members.append((name, JSONText(object: group))) }
    let log = hasLogs ? Self.entries(state) : []
    if !log.isEmpty { members.append(("log", JSONText(array: log))) }
    output += JSONText(object: members).bytes
    output.append(0x0A)
  }

  private static func entries(_ state: EntityState) -> [JSONText] {
    state.logs.keys.sorted().flatMap { name in
      (state.logs[name] ?? []).map { entry in
        JSONText(object: [
          ("id", JSONText(entry.id.description)), ("at", JSONText(entry.at.description)),
          ("by", JSONText(entry.by)), (name.text, entry.value),
        ])
      }
    }
  }

  /// The names to write of those that the entity has.
  private func chosen(_ present: Set<ExactString>) -> [ExactString] {
    fields?.filter { present.contains($0) } ?? present.sorted()
  }

  /// The entity that an element of a set names, such as another profile of a customer.
  private func tie(_ element: String) -> ImportedTie? {
    guard let (word, rest) = ImportedTie.parts(element), let key = link(JSONText(rest)) else { return nil }
    return ImportedTie(word: word, key: key)
  }

  private func split(_ value: JSONText) -> JSONText {
    SplitField.value(value, ticket: { link(JSONText($0))?.description }, entry: { _ in nil })
  }

  private func link(_ value: JSONText) -> EntityKey? {
    guard let text = value.string, let id = EntityID(text[...]), let ref = ref(id) else { return nil }
    return EntityKey(id.type, ref)
  }
}
