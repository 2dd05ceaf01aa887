import Codec

extension Output {
  /// Writes one JSON value and a line feed.
  package func json(_ value: JSONText) { line(value.text) }

  /// Writes a JSON array, one element a line.
  package func json(list elements: [JSONText]) {
    var list = JSONList(self)
    for element in elements { list.add(element) }
    list.end()
  }

  /// Writes a JSON object and a line feed.
  package func json(_ members: [(String, JSONText?)]) { json(JSONText(present: members)) }
}

extension JSONText {
  /// An object of the members that have a value.
  package init(present members: [(String, JSONText?)]) {
    self.init(object: members.compactMap { member in member.1.map { (member.0, $0) } })
  }
}

/// Writes a JSON array one element a line, while the elements come.
package struct JSONList {
  private let output: Output
  private var isEmpty = true

  package init(_ output: Output) {
    self.output = output
    output.write("[")
  }

  package mutating func add(_ element: JSONText) {
    output.write(isEmpty ? "\n" : ",\n")
    output.write(element.text)
    isEmpty = false
  }

  package func end() { output.line(isEmpty ? "]" : "\n]") }
}
