import Codec
import Merge

/// The names of a file's columns.
struct Header: Sendable {
  let names: [String]

  init(_ record: CSVRecord, trim: Bool) {
    names = (0..<record.count).map { index in
      String(decoding: trim ? record[index].trimmed() : record[index], as: UTF8.self)
    }
  }

  /// The index of the column that a rule names.
  func index(of name: String, for rule: String) throws(ImportError) -> Int {
    guard let index = names.firstIndex(of: name) else {
      let known = names.prefix(60).joined(separator: ", ")
      throw ImportError("mapping: \(rule): the file has no column \"\(name)\"; it has \(known)")
    }
    guard !names[(index + 1)...].contains(name) else {
      throw ImportError("mapping: \(rule): the file has more than one column \"\(name)\"")
    }
    return index
  }
}

/// A mapping whose columns were found in the header of a file.
struct BoundMapping: Sendable {
  let kind: Mapping.Kind
  let order: Mapping.Order
  let id: BoundRule
  let isExport: Bool
  /// The column of an exported table that holds the ids of its entities.
  private let entity: Int?
  let time: BoundRule?
  let agent: BoundRule?
  /// The columns that tell the records of one entity apart.
  let record: [Int]
  /// What the keys of its records end in, of a table that says how things are; else nothing.
  let table: String
  var isSnapshot: Bool { !table.isEmpty }
  let fields: [(name: ExactString, rule: BoundRule)]
  let sets: [(name: ExactString, rules: [BoundRule])]
  let timeline: (when: Mapping.Entry.When, members: [(name: String, rule: BoundRule)])?

  init(_ mapping: Mapping, _ header: Header) throws(ImportError) {
    func bind(_ rule: ValueRule) throws(ImportError) -> BoundRule {
      try BoundRule(rule, header, unknown: mapping.unknown, trim: mapping.trim, isExport: mapping.isExport)
    }
    kind = mapping.kind
    order = mapping.order
    id = try bind(mapping.id)
    isExport = mapping.isExport
    entity = isExport ? header.names.firstIndex(of: "id") : nil
    time = try mapping.time.map(bind)
    agent = try mapping.agent.map(bind)
    var record: [Int] = []
    for name in mapping.record { record.append(try header.index(of: name, for: "record")) }
    self.record = record.isEmpty ? Array(header.names.indices) : record
    let isSnapshot = kind != .events && time == nil && mapping.timeline == nil
    table = isSnapshot ? RecordKey.table(self.record.map { header.names[$0] }) : ""
    var fields: [(name: ExactString, rule: BoundRule)] = []
    for (name, rule) in mapping.fields + (try Self.others(mapping, header)) {
      fields.append((name, try bind(rule)))
    }
    self.fields = fields
    var sets: [(name: ExactString, rules: [BoundRule])] = []
    for (name, rules) in mapping.sets {
      var bound: [BoundRule] = []
      for rule in rules { bound.append(try bind(rule)) }
      sets.append((name, bound))
    }
    self.sets = sets
    if let entry = mapping.timeline {
      var members: [(name: String, rule: BoundRule)] = []
      for (name, rule) in entry.members { members.append((name, try bind(rule))) }
      timeline = (entry.when, members)
    } else {
      timeline = nil
    }
  }

  /// Registers for the columns that the mapping does not name.
  private static func others(
    _ mapping: Mapping, _ header: Header
  ) throws(ImportError) -> [(name: ExactString, rule: ValueRule)] {
    guard mapping.others != .ignore else { return [] }
    let rules =
      [mapping.id] + [mapping.time, mapping.agent].compactMap(\.self) + mapping.fields.map(\.rule)
      + mapping.sets.flatMap(\.rules) + (mapping.timeline?.members.map(\.rule) ?? [])
    let named = Set(rules.flatMap(\.columns) + mapping.record + mapping.ignored + mapping.derived)
    var taken = Set(mapping.fields.map(\.name) + mapping.sets.map(\.name) + ["ref", "timeline"])
    var found: [(name: ExactString, rule: ValueRule)] = []
    for column in header.names where !named.contains(column) {
      let advice = "name it in \"fields\", or list it in \"ignore\" or \"derived\""
      guard mapping.others == .fields else {
        throw ImportError("mapping: nothing says what the column \"\(column)\" is: \(advice)")
      }
      let name = ExactString(FieldName.snakeCase(column))
      guard Mapping.isField(name.text), taken.insert(name).inserted else {
        throw ImportError("mapping: the column \"\(column)\" cannot become a field \"\(name)\": \(advice)")
      }
      found.append((name, ValueRule(column: column)))
    }
    return found
  }

  /// The entity that a record is about.
  func key(_ record: CSVRecord) throws(BadRecord) -> EntityKey {
    guard let ref = try id.string(record), !ref.isEmpty else {
      throw BadRecord("no value for \"id\" (\(id.rule.columns.joined(separator: ", ")))")
    }
    return EntityKey(kind.type, ref)
  }

  /// What the id of a record's entity is where it was exported; nil where the record does not say.
  func entity(_ record: CSVRecord) -> EntityID? {
    entity.flatMap { EntityID(String(decoding: record[$0], as: UTF8.self)) }
  }

  /// The agent who made the record.
  func author(_ record: CSVRecord) throws(BadRecord) -> String? {
    guard let agent = try agent?.string(record) else { return nil }
    guard 1...Change.maximumAuthor ~= agent.utf8.count else {
      throw BadRecord("agent: a name is 1 to \(Change.maximumAuthor) bytes")
    }
    return agent
  }

  /// The log entry of a record; nil when the mapping asks for none.
  func entry(_ record: CSVRecord) throws(BadRecord) -> JSONText? {
    guard let timeline else { return nil }
    var members: [(String, JSONText)] = []
    for (name, rule) in timeline.members {
      var value: [UInt8] = []
      if try rule.evaluate(record, to: &value) == .value {
        members.append((name, JSONText(unchecked: value)))
      }
    }
    return JSONText(object: members)
  }

  /// Names the record for `ImportedEdit.once`.
  func recordKey(_ record: CSVRecord, of key: EntityKey) -> RecordKey {
    var hash = RecordKey(key)
    for index in self.record { hash.add(record[index]) }
    return hash
  }

  /// The elements that a record says are in a set.
  func elements(_ rules: [BoundRule], _ record: CSVRecord) throws(BadRecord) -> [String] {
    var found: [String] = []
    for rule in rules {
      guard let text = try rule.string(record) else { continue }
      for element in ElementList.elements(of: text, separator: rule.rule.separator)
      where !found.contains(element) {
        found.append(element)
      }
    }
    return found
  }
}

/// The elements of a set in one cell.
enum ElementList {
  /// A JSON array of strings is its elements; another text is parted at the separator, without spaces at
  /// the ends and empty elements.
  static func elements(of text: String, separator: [UInt8]?) -> [String] {
    guard let separator else { return [text] }
    let bytes = Array(text.utf8)
    if bytes.first == UInt8(ascii: "["), let elements = (try? JSONText(parsing: bytes))?.elements {
      let strings = elements.compactMap(\.string)
      if strings.count == elements.count { return strings }
    }
    var found: [String] = []
    var start = 0
    var index = 0
    func take(_ end: Int) {
      let element = bytes[start..<end].trimmed()
      if !element.isEmpty { found.append(String(decoding: element, as: UTF8.self)) }
    }
    while index < bytes.count {
      if bytes[index...].starts(with: separator) {
        take(index)
        index += separator.count
        start = index
      } else {
        index += 1
      }
    }
    take(bytes.count)
    return found
  }
}

/// The names of fields that are called after columns.
enum FieldName {
  /// `Case ID` and `caseId` become `case_id`.
  static func snakeCase(_ column: String) -> String {
    var output = ""
    var wasLower = false
    for character in column {
      if character.isLetter || character.isNumber {
        if character.isUppercase, wasLower { output.append("_") }
        output += character.lowercased()
        wasLower = character.isLowercase || character.isNumber
      } else {
        if !output.isEmpty, output.last != "_" { output.append("_") }
        wasLower = false
      }
    }
    return output.last == "_" ? String(output.dropLast()) : output
  }
}
