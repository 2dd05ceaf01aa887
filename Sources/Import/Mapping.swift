import Causality
import Codec
import Merge

/// How the columns of a CSV file become entities: a JSON file, here one for an event log.
///
/// ```json
/// {
///   "about": "Free text for the reader",
///   "kind": "events",
///   "separator": ",",
///   "unknown": ["?", ""],
///   "id": "{number}",
///   "time": {"from": "{sys_updated_at}", "format": "d/M/yyyy HH:mm"},
///   "agent": "{sys_updated_by}",
///   "record": ["sys_mod_count", "sys_updated_at", "sys_updated_by"],
///   "fields": {
///     "status": {"from": "{incident_state}", "values": {"New": "new", "Active": "open", "-100": null}},
///     "team": "{assignment_group}",
///     "customer": {"from": "{caller_id}", "link": "customer"},
///     "opened_at": {"from": "{opened_at}", "format": "d/M/yyyy HH:mm"},
///     "knowledge": {"from": "{knowledge}", "as": "boolean"}
///   },
///   "sets": {"tags": [{"from": "{labels}", "separator": ";"}]},
///   "timeline": {"when": "unchanged", "entry": {"kind": "event", "text": "Updated"}},
///   "ignore": ["closed_at", "resolved_at"],
///   "derived": ["reassignment_count"]
/// }
/// ```
///
/// **Kinds.** `customers` and `tickets`: a row is an entity; cells without a value change nothing, and a row
/// that differs from the entity's last imported one is imported as a whole, also where it goes back to what an earlier one
/// said (with `time` or `timeline` it is imported once). `events`: a row is a ticket after one update
/// by one agent; the difference to the ticket's row before is the edit, and a cell without a value clears the
/// field. Rows of a ticket need not stand together. With `"order": "time"` they need not be in order either:
/// they are read to the end and sorted by time, those of one time by `record`.
///
/// **Values.** A string is a template: text with columns in braces (`{{` is a brace). The value of a template
/// is unknown when one of its columns is, that is when its cell is one of `unknown` (default: the empty
/// cell). An object has a template in `from`, and:
/// - `values`: what a text stands for; `null` = unknown. `otherwise` says what becomes of others: `refuse`
///   (the record is rejected; default), `keep` (as it is), `none` (unknown), `same` (the field stays as it
///   was);
/// - `as`: `text` (default), `number`, `boolean`, `json` (the cell is the value as JSON); or `format`: a time (`TimePattern`), kept as
///   `2016-02-29T01:16:00.000Z`;
/// - `link`: the value is the foreign id of an entity of this type;
/// - `separator`, in sets: the cell holds several elements. So does a cell that is a JSON array of strings.
///
/// **Keys.** `kind` and `id` are required; `about`, `separator` (a character or `tab`), `unknown`, `trim`
/// (take spaces off the ends of names and cells), `time`, `agent`, `order` are not. `record` lists the
/// columns that tell the records of one entity apart (default: all), so that a file read again imports
/// nothing twice; leave out columns that later exports fill in. `timeline` appends an entry to the log of
/// that name with every row (`"when": "always"`) or with the rows of an event log that change nothing
/// (`"unchanged"`).
///
/// **Columns that are named nowhere** become registers called after them in snake_case; `"others": "ignore"`
/// leaves them out, `"others": "refuse"` refuses the file. `ignore` and `derived` both name columns to leave
/// out: `derived` those that follow from history, such as counters, and must never be merged as values.
package struct Mapping: Sendable {
  package enum Kind: String, CaseIterable, Sendable {
    case customers, tickets, events

    /// The type of the entities.
    package var type: String { self == .customers ? "customer" : "ticket" }
  }

  enum Order: String, CaseIterable {
    case file, time
  }

  enum Others: String, CaseIterable {
    case fields, ignore, refuse
  }

  /// When and what to append to a log.
  struct Entry: Sendable {
    enum When: String, CaseIterable {
      case always, unchanged
    }

    var when: When
    var members: [(name: String, rule: ValueRule)]
  }

  package var about = ""
  package var kind: Kind
  package var separator = UInt8(ascii: ",")
  var unknown: [[UInt8]] = [[]]
  package var trim = false
  var id: ValueRule
  var time: ValueRule?
  var agent: ValueRule?
  var record: [String] = []
  var order = Order.file
  var fields: [(name: ExactString, rule: ValueRule)] = []
  var sets: [(name: ExactString, rules: [ValueRule])] = []
  var timeline: Entry?
  var others = Others.fields
  var ignored: [String] = []
  var derived: [String] = []
  /// Whether the table is as `EntityWriter` writes it, `id` the entity's own. Follows from the columns' names; no key of a
  /// file.
  package var isExport = false

  static func isEntityType(_ text: String) -> Bool {
    EntityID(type: text, origin: ChangeID(ReplicaID(bits: 0), 1)) != nil
  }

  /// Whether a change may have a field of this name: 1 to 200 bytes that JSON does not escape.
  static func isField(_ name: String) -> Bool {
    1...ChangeBody.maximumField ~= name.utf8.count
      && !name.utf8.contains { $0 < 0x20 || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }
  }
}

extension Mapping {
  private static let keys = [
    "about", "kind", "separator", "unknown", "trim", "id", "time", "agent", "record", "order", "fields",
    "sets",
    "timeline", "others", "ignore", "derived",
  ]

  /// Parses a mapping file.
  ///
  /// - Throws: `MappingError` with the path of the first key that is wrong.
  package init(json file: [UInt8]) throws(MappingError) {
    let members = try MappingNode(parsing: file).members(known: Self.keys)
    guard let kind = members.first(where: { $0.name == "kind" })?.node else {
      throw MappingError("kind", "is missing")
    }
    guard let id = members.first(where: { $0.name == "id" })?.node else {
      throw MappingError("id", "is missing")
    }
    self.kind = try kind.choice(of: Kind.self)
    self.id = try ValueRule(id, allowing: ["values", "otherwise"])
    for (name, node) in members { try read(name, node) }
    if time == nil, order == .time {
      throw MappingError("time", "is missing, which \"order\": \"time\" needs")
    }
    if self.kind != .events, order == .time { throw MappingError("order", "\"time\" is for \"events\"") }
    if self.kind != .events, timeline?.when == .unchanged {
      throw MappingError("timeline.when", "\"unchanged\" is for \"events\"")
    }
    try refuseSame()
  }

  private mutating func read(_ name: String, _ node: MappingNode) throws(MappingError) {
    switch name {
    case "about": about = try node.string()
    case "separator":
      let text = try node.string()
      guard let byte = text == "tab" ? 0x09 : text.utf8.count == 1 ? text.utf8.first : nil,
        byte < 0x80, !"\"\r\n".utf8.contains(byte)
      else { throw node.fails("expected one ASCII character or \"tab\"") }
      separator = byte
    case "unknown": unknown = try node.strings().map { Array($0.utf8) }
    case "trim": trim = try node.bool()
    case "time":
      let rule = try ValueRule(node, allowing: ["format"])
      guard case .time = rule.form else { throw node.fails("needs \"format\"") }
      time = rule
    case "agent": agent = try ValueRule(node, allowing: ["values", "otherwise"])
    case "record": record = try node.strings()
    case "order": order = try node.choice(of: Order.self)
    case "fields":
      for (name, node) in try node.members() {
        let rule = try ValueRule(node, allowing: ["as", "format", "values", "otherwise", "link"])
        fields.append((try Self.field(name, node), rule))
      }
    case "sets":
      for (name, node) in try node.members() {
        var rules: [ValueRule] = []
        for node in try node.elements() {
          rules.append(try ValueRule(node, allowing: ["values", "otherwise", "separator"]))
        }
        sets.append((try Self.field(name, node), rules))
      }
    case "timeline": timeline = try Entry(node)
    case "others": others = try node.choice(of: Others.self)
    case "ignore": ignored = try node.strings()
    case "derived": derived = try node.strings()
    default: break
    }
  }

  private static func field(_ name: String, _ node: MappingNode) throws(MappingError) -> ExactString {
    guard isField(name) else {
      throw node.fails("a field name is 1 to \(ChangeBody.maximumField) bytes without quotes and backslashes")
    }
    guard name != "ref" else { throw node.fails("\"ref\" is what \"id\" says") }
    return ExactString(name)
  }

  /// Only a field of an event log can stay as it was.
  private func refuseSame() throws(MappingError) {
    var rules = [id] + [time, agent].compactMap(\.self) + sets.flatMap(\.rules)
    rules += timeline?.members.map(\.rule) ?? []
    if kind != .events { rules += fields.map(\.rule) }
    for rule in rules where rule.otherwise == .same {
      throw MappingError("\(rule.key).otherwise", "\"same\" is for the fields of \"events\"")
    }
  }
}

extension Mapping.Entry {
  init(_ node: MappingNode) throws(MappingError) {
    let members = try node.members(known: ["when", "entry"])
    guard let entry = members.first(where: { $0.name == "entry" })?.node else {
      throw node.fails("needs \"entry\"")
    }
    when = .always
    if let node = members.first(where: { $0.name == "when" })?.node { when = try node.choice(of: When.self) }
    self.members = []
    for (name, node) in try entry.members() {
      self.members.append((name, try ValueRule(node, allowing: ["as", "format", "values", "otherwise"])))
    }
  }
}
