import Causality
import Codec
import Merge

/// Reads entities as JSON lines, the form that `EntityWriter` writes.
///
/// ```json
/// {"type":"customer","ref":"ALFKI","at":"2026-11-21T17:21:03.306Z","by":"anna",
///  "fields":{"name":"Maria Anders","fact.shoe_size":38},"sets":{"phones":["030-0074321"]},
///  "links":{"organisation":"organisation/futterkiste"},"counts":{"visits":3},
///  "log":[{"id":"k7f3q2hd9x.12","at":"2026-11-21T17:25:00.000Z","by":"bo","timeline":{"kind":"note","text":"Call back"}}]}
/// ```
///
/// `type` and `ref` are required. `at` and `by` say when and by whom the fields were set. A link is the type
/// and the `ref` of another entity, a list of links are elements of a set, such as `"same":["customer/BOLID"]` or
/// `"links":["related ticket/INC7"]`; a counter has what it comes to; a log entry has the name of its log, `at` and `by` of its
/// own, and, where it was exported, the `id` of the change that wrote it. `null` clears a field. A field that names
/// such an entry, as `reply.k7f3q2hd9x.12` and a ticket's `split` do, goes with it. An export adds `id`, the
/// entity's own, by which it is found where it came from, and `conflicts`, which is passed over; any other key is an error.
struct EntityLines: LineFormat {
  private static let keys: Set<String> = [
    "type", "ref", "id", "at", "by", "fields", "sets", "links", "counts", "log", "conflicts",
  ]

  init() {}

  func edits(of line: JSONText, number: Int) throws(BadRecord) -> [ImportedEdit] {
    let record = try JSONRecord(line)
    for name in record.names where !Self.keys.contains(name) {
      throw record.fails(name, "unknown key; known are \(Self.keys.sorted().joined(separator: ", "))")
    }
    guard let type = try record.string("type"), Mapping.isEntityType(type) else {
      throw record.fails("type", "missing, or no entity type (1 to 32 of a-z 0-9 _ -, a letter first)")
    }
    guard let ref = try record.string("ref"), !ref.isEmpty else { throw record.fails("ref", "is missing") }
    let key = EntityKey(type, ref)
    var edit = ImportedEdit(
      key: key, at: try Self.time(record), by: try Self.author(record), once: "", line: number)
    edit.entity = record["id"]?.string.flatMap { EntityID($0) }
    for (name, value) in try record.members("fields") {
      let field = try Self.field(name, in: "fields")
      if value.isNull { edit.draft.clear.insert(field) } else { edit.draft.set[field] = value }
    }
    for (name, value) in try record.members("sets") {
      guard let elements = value.elements, let words = Self.strings(elements) else {
        throw record.fails("sets.\(name)", "not a list of strings")
      }
      edit.draft.add[try Self.field(name, in: "sets")] = words.map { ExactString($0) }
    }
    var tied = ImportedEdit(key: key, at: edit.at, by: edit.by, once: "", line: number)
    var tiedOnce = RecordKey(key)
    for (name, value) in try record.members("links") {
      if let elements = value.elements {
        tied.ties[try Self.field(name, in: "links")] = try Self.ties(elements, name, record)
        tiedOnce.add(name.utf8)
        tiedOnce.add(value.bytes)
        continue
      }
      guard let target = Self.link(value) else {
        throw record.fails("links.\(name)", "expected \"type/ref\", such as \"customer/ALFKI\"")
      }
      edit.links[try Self.field(name, in: "links")] = target
    }
    for (name, value) in try record.members("counts") {
      guard let count = value.int, count.magnitude <= ChangeBody.maximumCount.magnitude else {
        throw record.fails("counts.\(name)", "not a whole number up to 2^53")
      }
      edit.draft.count[try Self.field(name, in: "counts")] = Int64(count)
    }
    var once = RecordKey(key)
    for name in ["at", "by", "fields", "sets", "links", "counts"] { once.add(record[name]?.bytes ?? []) }
    edit.once = once.text
    edit.isExported = true
    var entries = try Self.entries(record, edit)
    entries += Self.marks(&edit, &entries).map { [$0] } ?? []
    entries += SplitField.take(from: &edit).map { [$0] } ?? []
    if !edit.isEmpty || entries.isEmpty { entries.insert(edit, at: 0) }
    if !tied.isEmpty {
      tied.once = tiedOnce.text
      tied.isExported = true
      tied.entity = edit.entity
      entries.append(tied)
    }
    return entries
  }

  private static func ties(
    _ elements: [JSONText], _ name: String, _ record: JSONRecord
  ) throws(BadRecord) -> [ImportedTie] {
    var ties: [ImportedTie] = []
    for element in elements {
      guard let (word, rest) = element.string.flatMap({ ImportedTie.parts($0) }),
        let key = link(JSONText(rest))
      else { throw record.fails("links.\(name)", "expected \"type/ref\" or \"word type/ref\" in the list") }
      ties.append(ImportedTie(word: word, key: key))
    }
    return ties
  }

  /// Takes out the fields that say something of one of the entries, such as `reply.k7f3q2hd9x.12`: they come behind the
  /// entries, for only then it is known what those are called where they are imported.
  private static func marks(_ entity: inout ImportedEdit, _ entries: inout [ImportedEdit]) -> ImportedEdit? {
    let ids = Set(entries.compactMap(\.origin))
    var edit = ImportedEdit(key: entity.key, at: entity.at, by: entity.by, once: "", line: entity.line)
    for (field, value) in entity.draft.set {
      let id = field.text.firstIndex(of: ".").flatMap { ChangeID(field.text[$0...].dropFirst()) }
      guard let id, ids.contains(id) else { continue }
      entity.draft.set[field] = nil
      edit.draft.set[field] = value
    }
    guard !edit.isEmpty else { return nil }
    for index in entries.indices {
      guard let id = entries[index].origin, let (_, value) = entries[index].draft.log.first,
        let why = edit.draft.set[ExactString("redacted.\(id)")]
      else { continue }
      entries[index].isRedacted = value["redacted"] == why
    }
    var once = RecordKey(entity.key)
    once.add("marks".utf8)
    once.add(edit.draft.body(over: nil))
    edit.once = once.text
    edit.isExported = true
    edit.entity = entity.entity
    return edit
  }

  /// An edit for each log entry; they start with `at` and `by` of the entity.
  private static func entries(_ record: JSONRecord, _ entity: ImportedEdit) throws(BadRecord)
    -> [ImportedEdit]
  {
    var edits: [ImportedEdit] = []
    var keys: Set<String> = []
    for (index, element) in try record.elements("log").enumerated() {
      let path = "log[\(index)]"
      let entry = try JSONRecord(element, path: path)
      let names = entry.names.filter { !["id", "at", "by"].contains($0) }
      guard let name = names.first, names.count == 1, let value = entry[name] else {
        throw BadRecord("\(path): expected \"id\", \"at\", \"by\" and one log's name, such as \"timeline\"")
      }
      var edit = ImportedEdit(
        key: entity.key, at: try time(entry) ?? entity.at, by: try author(entry) ?? entity.by, once: "",
        line: entity.line)
      edit.draft.log[try field(name, in: path)] = value
      edit.isExported = true
      edit.entity = entity.entity
      edit.origin = try entry.string("id").flatMap { ChangeID($0) }
      // An entry is the one of its id, also when it was redacted or its entity got another number since.
      var once = RecordKey(edit.origin == nil ? entity.key : EntityKey(entity.key.type, ""))
      once.add("log".utf8)
      once.add(edit.origin.map { Array("\(name) \($0)".utf8) } ?? element.bytes)
      // The same entry twice in one line is two entries.
      while !keys.insert(once.text).inserted { once.add("again".utf8) }
      edit.once = once.text
      edits.append(edit)
    }
    return edits
  }

  private static func time(_ record: JSONRecord) throws(BadRecord) -> HybridTime? {
    guard let text = try record.string("at") else { return nil }
    guard let time = HybridTime(text) ?? TimePattern("iso")?.time(Array(text.utf8)[...]) else {
      throw record.fails("at", "\"\(text.prefix(60))\" is no time like 2026-11-21T17:21:03.306Z")
    }
    return time
  }

  private static func author(_ record: JSONRecord) throws(BadRecord) -> String? {
    guard let name = try record.string("by") else { return nil }
    guard 1...Change.maximumAuthor ~= name.utf8.count else {
      throw record.fails("by", "an agent's name is 1 to \(Change.maximumAuthor) bytes")
    }
    return name
  }

  private static func field(_ name: String, in place: String) throws(BadRecord) -> ExactString {
    guard Mapping.isField(name) else {
      throw BadRecord(
        "\(place): \"\(name.prefix(60))\" is no field name (1 to 200 bytes without quotes and backslashes)")
    }
    guard name != "ref" else { throw BadRecord("\(place): \"ref\" stands beside \"type\"") }
    return ExactString(name)
  }

  private static func strings(_ elements: [JSONText]) -> [String]? {
    let strings = elements.compactMap(\.string)
    return strings.count == elements.count ? strings : nil
  }

  private static func link(_ value: JSONText) -> EntityKey? {
    guard let text = value.string, let slash = text.firstIndex(of: "/") else { return nil }
    let type = String(text[..<slash])
    let ref = String(text[text.index(after: slash)...])
    return Mapping.isEntityType(type) && !ref.isEmpty ? EntityKey(type, ref) : nil
  }
}
