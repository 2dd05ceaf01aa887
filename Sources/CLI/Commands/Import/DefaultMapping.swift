import Codec
import Foundation
import Import

/// The mapping of a CSV file that says by its columns' names what they are, as `askonce export` writes it.
enum DefaultMapping {
  /// Columns that follow from history.
  private static let derived: Set<String> = ["id", "created", "updated"]

  /// - Parameter header: the names in the file's header, as they stand there.
  static func make(_ kind: Mapping.Kind, columns header: [String]) throws(Failure) -> Mapping {
    let columns = header.map { $0.trimmingCharacters(in: .whitespaces) }
    let id = columns.contains("ref") ? "ref" : "id"
    guard columns.contains(id) else {
      throw .usage(
        "the file has neither a column 'ref' nor 'id', so give --mapping FILE; it has \(columns.joined(separator: ", "))"
      )
    }
    var fields: [(String, JSONText)] = []
    var elements: [(String, JSONText)] = []
    var ignored: [JSONText] = []
    for column in columns where column != id {
      let cell = JSONText("{\(column)}")
      let exported = ExportedColumn(name: column)
      let name = exported.field.text
      switch exported.kind {
      case .count: ignored.append(JSONText(column))
      case _ where derived.contains(column): ignored.append(JSONText(column))
      case _ where ExportedColumn.isLocal(exported.field, of: kind.type): ignored.append(JSONText(column))
      case .set:
        elements.append(
          (name, JSONText(array: [JSONText(object: [("from", cell), ("separator", JSONText(";"))])])))
      case .json: fields.append((name, JSONText(object: [("from", cell), ("as", JSONText("json"))])))
      case .text:
        let type = ExportedColumn.link(exported.field, of: kind.type)
        fields.append(
          (name, type.map { JSONText(object: [("from", cell), ("link", JSONText($0))]) } ?? cell))
      }
    }
    let text = JSONText(object: [
      ("kind", JSONText(kind.rawValue)), ("id", JSONText("{\(id)}")), ("fields", JSONText(object: fields)),
      ("sets", JSONText(object: elements)), ("ignore", JSONText(array: ignored)),
    ])
    do {
      var mapping = try Mapping(json: Array(text.text.utf8))
      mapping.isExport = true
      // Whoever sets a space behind each comma of the header does so in all lines. No export does, where all is to stay as it was.
      mapping.trim = columns != header
      return mapping
    } catch {
      throw .usage("the file's columns cannot be fields: \(error); give --mapping FILE")
    }
  }

  /// The columns that are passed over because they name others by ids of the workspace from which they come.
  static func local(_ kind: Mapping.Kind, columns: [String]) -> [String] {
    columns.map { $0.trimmingCharacters(in: .whitespaces) }.filter {
      ExportedColumn.isLocal(ExportedColumn(name: $0).field, of: kind.type)
    }
  }

  /// The names of the columns in the first line of a file; nil where it is no CSV.
  static func columns(_ start: [UInt8]) -> [String]? {
    var reader = CSVReader()
    reader.append(start.span)
    reader.finish()
    guard case .record(let record) = reader.next() else { return nil }
    return (0..<record.count).map { String(decoding: record[$0], as: UTF8.self) }
  }
}
