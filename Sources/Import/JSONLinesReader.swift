import Codec
import Merge

/// Turns one JSON line into edits. Keeps what it must know of earlier lines.
protocol LineFormat: Sendable {
  mutating func edits(of line: JSONText, number: Int) throws(BadRecord) -> [ImportedEdit]
}

/// Reads JSON lines of some format; a line that is malformed becomes a reject.
struct JSONLinesReader<Format: LineFormat>: ForeignReader {
  /// A longer line is rejected: 8 MiB.
  static var maximumLine: Int { 8 << 20 }

  var header: [UInt8] { [] }
  private var lines = LineReader(limit: Self.maximumLine)
  private var format: Format

  init(_ format: Format) {
    self.format = format
  }

  mutating func read(_ piece: Span<UInt8>, _ emit: (ImportItem) -> Void) {
    lines.append(piece)
    drain(emit)
  }

  mutating func finish(_ emit: (ImportItem) -> Void) {
    lines.finish()
    drain(emit)
  }

  private mutating func drain(_ emit: (ImportItem) -> Void) {
    while let item = lines.nextItem() {
      switch item {
      case .reject(let reject): emit(.reject(reject))
      case .line(let number, let bytes):
        do throws(BadRecord) {
          for var edit in try edits(number, bytes) {
            edit.raw = bytes
            emit(.edit(edit))
          }
        } catch {
          emit(.reject(Reject(line: number, reason: error.reason, raw: bytes + [0x0A])))
        }
      }
    }
  }

  private mutating func edits(_ number: Int, _ bytes: [UInt8]) throws(BadRecord) -> [ImportedEdit] {
    let line: JSONText
    do {
      line = try JSONText(parsing: bytes)
    } catch {
      throw BadRecord("not JSON: \(error.reason)")
    }
    let edits = try format.edits(of: line, number: number)
    for edit in edits { try SizeLimit.check(edit.draft.body(over: nil).count) }
    return edits
  }
}

/// The members of a JSON object by name.
struct JSONRecord {
  private let members: [String: JSONText]
  private let path: String

  /// - Parameter path: how messages name it; empty for the whole line.
  init(_ value: JSONText, path: String = "") throws(BadRecord) {
    guard let members = value.members else {
      throw BadRecord(path.isEmpty ? "not a JSON object" : "\(path): not an object")
    }
    self.members = Dictionary(members.map { ($0.key, $0.value) }) { first, _ in first }
    guard self.members.count == members.count else {
      throw BadRecord("\(path.isEmpty ? "" : "\(path): ")a member stands twice")
    }
    self.path = path
  }

  var names: [String] { members.keys.sorted() }

  /// A member; nil when it is absent or null.
  subscript(name: String) -> JSONText? {
    members[name].flatMap { $0.isNull ? nil : $0 }
  }

  func fails(_ name: String, _ reason: String) -> BadRecord {
    BadRecord("\(path.isEmpty ? name : "\(path).\(name)"): \(reason)")
  }

  func require(_ name: String) throws(BadRecord) -> JSONText {
    guard let value = self[name] else { throw fails(name, "is missing") }
    return value
  }

  func string(_ name: String) throws(BadRecord) -> String? {
    guard let value = self[name] else { return nil }
    guard let string = value.string else { throw fails(name, "not a string") }
    return string
  }

  func elements(_ name: String) throws(BadRecord) -> [JSONText] {
    guard let value = self[name] else { return [] }
    guard let elements = value.elements else { throw fails(name, "not a list") }
    return elements
  }

  func members(_ name: String) throws(BadRecord) -> [(key: String, value: JSONText)] {
    guard let value = self[name] else { return [] }
    guard let members = value.members else { throw fails(name, "not an object") }
    return members
  }
}
