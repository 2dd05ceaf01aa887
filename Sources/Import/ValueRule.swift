import Codec

/// How a value is made from a record, as a mapping file says it.
struct ValueRule: Sendable {
  /// What becomes of a cell that `values` does not list.
  enum Otherwise: String, CaseIterable {
    /// The record is rejected.
    case refuse
    /// The cell's text is the value.
    case keep
    /// The record says that there is no value.
    case none
    /// The record says nothing about the field: in an event log it stays as it was.
    case same
  }

  enum Form: Sendable {
    case text
    case number
    case boolean
    case json
    case time(TimePattern)

    var isJSON: Bool {
      if case .json = self { return true }
      return false
    }
  }

  /// Text and columns in a row: `Helpdesk customer {customer}`.
  enum Piece: Hashable, Sendable {
    case text([UInt8])
    case column(String)
  }

  /// The path in the mapping file, for messages.
  let key: String
  let pieces: [Piece]
  var form = Form.text
  /// What a text stands for; JSON null means that it is unknown.
  var values: [ArraySlice<UInt8>: JSONText]?
  var otherwise = Otherwise.refuse
  /// The type of the entity whose id in the foreign data the value is.
  var link: String?
  /// What parts the elements of a set.
  var separator: [UInt8]?

  static let keys = ["from", "as", "format", "values", "otherwise", "link", "separator"]

  /// Parses a template, or an object of the given keys.
  init(_ node: MappingNode, allowing keys: [String]) throws(MappingError) {
    key = node.key
    if let template = node.value.string {
      pieces = try Self.pieces(template, node)
      return
    }
    guard node.value.members != nil else { throw node.fails("expected a string or an object with \"from\"") }
    let members = try node.members(known: ["from"] + keys)
    guard let from = members.first(where: { $0.name == "from" })?.node else {
      throw node.fails("needs \"from\"")
    }
    pieces = try Self.pieces(try from.string(), from)
    for (name, node) in members {
      switch name {
      case "as": form = try Self.form(node)
      case "format":
        guard let pattern = TimePattern(try node.string()) else {
          throw node.fails("no time format; such are \"iso\", \"epoch\", \"d/M/yyyy HH:mm\"")
        }
        form = .time(pattern)
      case "values":
        var values: [ArraySlice<UInt8>: JSONText] = [:]
        for (text, node) in try node.members() {
          guard node.value.elements == nil, node.value.members == nil else {
            throw node.fails("expected a string, a number, true, false or null")
          }
          values[Array(text.utf8)[...]] = node.value
        }
        self.values = values
      case "otherwise": otherwise = try node.choice(of: Otherwise.self)
      case "link":
        let type = try node.string()
        guard Mapping.isEntityType(type) else { throw node.fails("\"\(type)\" is no entity type") }
        link = type
      case "separator":
        separator = Array(try node.string().utf8)
        if separator == [] { throw node.fails("expected at least one character") }
      default: break
      }
    }
    if values == nil, members.contains(where: { $0.name == "otherwise" }) {
      throw MappingError("\(key).otherwise", "has no meaning without \"values\"")
    }
    if members.contains(where: { $0.name == "as" }), members.contains(where: { $0.name == "format" }) {
      throw MappingError("\(key).as", "has no meaning beside \"format\"")
    }
  }

  /// A whole column as text.
  init(column: String) {
    key = "column \"\(column)\""
    pieces = [.column(column)]
  }

  /// The columns that the template names.
  var columns: [String] {
    pieces.compactMap { piece in
      if case .column(let name) = piece { name } else { nil }
    }
  }

  private static func form(_ node: MappingNode) throws(MappingError) -> Form {
    switch try node.string() {
    case "text": return .text
    case "number": return .number
    case "boolean": return .boolean
    case "json": return .json
    default:
      throw node.fails(
        "expected \"text\", \"number\", \"boolean\" or \"json\"; for times there is \"format\"")
    }
  }

  private static func pieces(_ template: String, _ node: MappingNode) throws(MappingError) -> [Piece] {
    var pieces: [Piece] = []
    var text: [UInt8] = []
    let bytes = Array(template.utf8)
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      let isDoubled = index + 1 < bytes.count && bytes[index + 1] == byte
      if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "}"), isDoubled {
        text.append(byte)
        index += 2
      } else if byte == UInt8(ascii: "{") {
        guard let end = bytes[index...].firstIndex(of: UInt8(ascii: "}")), end > index + 1 else {
          throw node.fails("a \"{\" without a column name and \"}\"; a brace itself is written \"{{\"")
        }
        if !text.isEmpty { pieces.append(.text(text)) }
        text = []
        pieces.append(.column(String(decoding: bytes[index + 1..<end], as: UTF8.self)))
        index = end + 1
      } else if byte == UInt8(ascii: "}") {
        throw node.fails("a \"}\" without \"{\"; a brace itself is written \"}}\"")
      } else {
        text.append(byte)
        index += 1
      }
    }
    if !text.isEmpty { pieces.append(.text(text)) }
    guard !pieces.isEmpty else { throw node.fails("an empty template") }
    return pieces
  }
}
