import Codec
import Import

/// The mapping of a CSV file that says by its columns' names what they are, as `askonce export` writes it.
enum DefaultMapping {
  /// Columns that follow from history.
  private static let derived: Set<String> = ["id", "created", "updated"]
  private static let sets: Set<String> = ["tags", "phones", "emails", "handles"]
  private static let links = ["customer": "customer", "organisation": "organisation"]

  /// - Parameter columns: the names in the file's header.
  static func make(_ kind: Mapping.Kind, columns: [String]) throws(Failure) -> Mapping {
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
      if derived.contains(column) {
        ignored.append(JSONText(column))
      } else if sets.contains(column) {
        elements.append(
          (column, JSONText(array: [JSONText(object: [("from", cell), ("separator", JSONText(";"))])])))
      } else if let type = links[column] {
        fields.append((column, JSONText(object: [("from", cell), ("link", JSONText(type))])))
      } else {
        fields.append((column, cell))
      }
    }
    let text = JSONText(object: [
      ("kind", JSONText(kind.rawValue)), ("id", JSONText("{\(id)}")), ("fields", JSONText(object: fields)),
      ("sets", JSONText(object: elements)), ("ignore", JSONText(array: ignored)), ("trim", JSONText(true)),
    ])
    do {
      return try Mapping(json: Array(text.text.utf8))
    } catch {
      throw .usage("the file's columns cannot be fields: \(error); give --mapping FILE")
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
