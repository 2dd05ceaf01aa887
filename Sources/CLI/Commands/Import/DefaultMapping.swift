import Codec
import Import
import Merge

/// The mapping of a CSV file that says by its columns' names what they are, as `askonce export` writes it.
enum DefaultMapping {
  /// - Parameter header: the names in the file's header, as they stand there.
  static func make(_ kind: Mapping.Kind, columns header: [String]) throws(Failure) -> Mapping {
    let columns = header.map { trimmed($0) }
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
      case _ where EntityWriter.derived.contains(ExactString(column)): ignored.append(JSONText(column))
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
    columns.map { trimmed($0) }.filter {
      ExportedColumn.isLocal(ExportedColumn(name: $0).field, of: kind.type)
    }
  }

  /// The columns of a table from elsewhere that are passed over because an export has something else under their names. Of an
  /// export itself none: it says so in its help.
  static func taken(_ columns: [String]) -> [String] {
    let columns = columns.map { trimmed($0) }
    let derived = EntityWriter.derived.map(\.text)
    guard !derived.allSatisfy(columns.contains) else { return [] }
    let id = columns.contains("ref") ? "ref" : "id"
    return columns.filter {
      $0 != id && (derived.contains($0) || ExportedColumn(name: $0).kind == .count)
    }
  }

  /// A name without white space around it.
  static func trimmed(_ name: String) -> String {
    String(decoding: Array(name.utf8)[...].trimmed(), as: UTF8.self)
  }
}
