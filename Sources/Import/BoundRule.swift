import Causality
import Codec

/// A value rule whose columns were found in the header of a file.
struct BoundRule: Sendable {
  /// What a record says about a value.
  enum Outcome: Hashable, Sendable {
    /// A JSON value was appended to the output.
    case value
    case unknown
    case same
  }

  private enum Piece: Sendable {
    case text([UInt8])
    case column(Int)
  }

  let rule: ValueRule
  private let pieces: [Piece]
  private let unknown: [[UInt8]]
  private let trim: Bool
  /// Whether the table was exported, so that an apostrophe in front of what a spreadsheet could take for a formula is none of
  /// the value.
  private let isExport: Bool

  init(
    _ rule: ValueRule, _ header: Header, unknown: [[UInt8]], trim: Bool, isExport: Bool
  ) throws(ImportError) {
    self.rule = rule
    self.unknown = unknown
    // Spaces around JSON mean nothing, and a cell of spaces is an empty one.
    self.trim = trim || rule.form.isJSON
    self.isExport = isExport
    var pieces: [Piece] = []
    for piece in rule.pieces {
      switch piece {
      case .text(let text): pieces.append(.text(text))
      case .column(let name): pieces.append(.column(try header.index(of: name, for: rule.key)))
      }
    }
    if rule.columns.isEmpty, case .text(let text)? = rule.pieces.first {
      let name = String(decoding: text, as: UTF8.self)
      if header.names.contains(name) {
        let advice = "is a text that is also a column; for the column's value write \"{\(name)}\""
        throw ImportError("mapping: \(rule.key): \"\(name)\" \(advice)")
      }
    }
    self.pieces = pieces
  }

  /// The text of the template for a record; nil when one of its columns is unknown.
  func text(_ record: CSVRecord) -> ArraySlice<UInt8>? {
    if pieces.count == 1, case .column(let index)? = pieces.first { return cell(record, index) }
    var output: ArraySlice<UInt8> = []
    for piece in pieces {
      switch piece {
      case .text(let text): output += text
      case .column(let index):
        guard let cell = cell(record, index) else { return nil }
        output += cell
      }
    }
    return output
  }

  private func cell(_ record: CSVRecord, _ index: Int) -> ArraySlice<UInt8>? {
    var cell = trim ? record[index].trimmed() : record[index]
    if isExport, CSVWriter.isMarked(cell) { cell.removeFirst() }
    for word in unknown where word.count == cell.count {
      if cell.elementsEqual(word) { return nil }
    }
    return cell
  }

  /// Appends the value of a record as JSON.
  func evaluate(_ record: CSVRecord, to output: inout [UInt8]) throws(BadRecord) -> Outcome {
    guard let text = text(record) else { return .unknown }
    if let values = rule.values {
      if let value = values[text] {
        if value.isNull { return .unknown }
        output += value.bytes
        return .value
      }
      switch rule.otherwise {
      case .refuse: throw fails(text, "is not listed in \"values\"")
      case .keep: break
      case .none: return .unknown
      case .same: return .same
      }
    }
    switch rule.form {
    case .text: JSONBytes.string(text, to: &output)
    case .number:
      guard JSONBytes.isNumber(text) else { throw fails(text, "is no number") }
      output += text
    case .boolean:
      guard let flag = Self.flag(text) else { throw fails(text, "is neither true nor false") }
      output += JSONText(flag).bytes
    case .json:
      guard let value = try? JSONText(parsing: text) else { throw fails(text, "is no JSON") }
      if value.isNull { return .unknown }
      output += value.bytes
    case .time(let pattern):
      guard let time = pattern.time(text) else { throw fails(text, "is no time like \(pattern)") }
      output.append(UInt8(ascii: "\""))
      time.write(to: &output)
      output.append(UInt8(ascii: "\""))
    }
    return .value
  }

  /// The value of a record as a plain string; nil when unknown.
  func string(_ record: CSVRecord) throws(BadRecord) -> String? {
    if rule.values == nil { return text(record).map { String(decoding: $0, as: UTF8.self) } }
    var output: [UInt8] = []
    guard try evaluate(record, to: &output) == .value else { return nil }
    return JSONText(unchecked: output).plain
  }

  /// The value of a record as a time; nil when unknown.
  func time(_ record: CSVRecord) throws(BadRecord) -> HybridTime? {
    guard let text = text(record), case .time(let pattern) = rule.form else { return nil }
    guard let time = pattern.time(text) else { throw fails(text, "is no time like \(pattern)") }
    return time
  }

  private func fails(_ text: ArraySlice<UInt8>, _ reason: String) -> BadRecord {
    let shown = String(decoding: text.prefix(60), as: UTF8.self) + (text.count > 60 ? "..." : "")
    return BadRecord("\(rule.key): \"\(shown)\" \(reason)")
  }

  private static func flag(_ text: ArraySlice<UInt8>) -> Bool? {
    switch String(decoding: text.prefix(8), as: UTF8.self).lowercased() {
    case "true", "t", "yes", "y", "1": true
    case "false", "f", "no", "n", "0": false
    default: nil
    }
  }
}

/// JSON tokens from bytes that are valid UTF-8.
enum JSONBytes {
  /// Appends a string with its quotes.
  static func string(_ text: ArraySlice<UInt8>, to output: inout [UInt8]) {
    let needsEscapes = text.contains { $0 < 0x20 || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }
    if needsEscapes {
      JSONWriter.string(String(decoding: text, as: UTF8.self), to: &output)
    } else {
      output.append(UInt8(ascii: "\""))
      output += text
      output.append(UInt8(ascii: "\""))
    }
  }

  static func isNumber(_ text: ArraySlice<UInt8>) -> Bool {
    let bytes = Array(text)
    guard let first = bytes.first, first == UInt8(ascii: "-") || first &- UInt8(ascii: "0") < 10 else {
      return false
    }
    return (try? JSONScanner.skipValue(bytes.span, 0)) == bytes.count
  }
}

extension ArraySlice<UInt8> {
  /// Without spaces and tabs at its ends.
  package func trimmed() -> ArraySlice<UInt8> {
    var slice = self
    while let first = slice.first, first == 0x20 || first == 0x09 { slice.removeFirst() }
    while let last = slice.last, last == 0x20 || last == 0x09 { slice.removeLast() }
    return slice
  }
}
