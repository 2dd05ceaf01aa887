/// Rows with aligned columns, as a person reads them.
///
/// On a terminal the last column is cut so that a row is one line; in a pipe nothing is cut.
package struct Table {
  package struct Cell: ExpressibleByStringInterpolation {
    let text: String
    let style: Style?

    package init(_ text: String, _ style: Style? = nil) {
      self.text = Plain.line(text)
      self.style = style
    }

    package init(stringLiteral text: String) { self.init(text) }
  }

  private let headings: [String]
  /// The columns whose cells stand at the right, as numbers do.
  private let numbers: Set<Int>
  private var rows: [[Cell]] = []

  package init(_ headings: [String], numbers: Set<Int> = []) {
    self.headings = headings
    self.numbers = numbers
  }

  package var isEmpty: Bool { rows.isEmpty }

  package mutating func add(_ cells: [Cell]) { rows.append(cells) }

  /// Writes the headings and the rows; nothing where there are no rows.
  package func write(to output: Output) {
    guard !rows.isEmpty else { return }
    let all = [headings.map { Cell($0.uppercased(), .bold) }] + rows
    var widths = headings.map { _ in 0 }
    for row in all {
      for (column, cell) in row.enumerated() { widths[column] = max(widths[column], Plain.width(cell.text)) }
    }
    let last = headings.count - 1
    let before = widths.dropLast().reduce(0) { $0 + $1 + 2 }
    for row in all {
      var line = ""
      for (column, cell) in row.enumerated() {
        var text = cell.text
        if column == last, let columns = output.columns {
          text = Plain.cut(text, to: max(8, columns - before))
        }
        let gap = String(repeating: " ", count: max(0, widths[column] - Plain.width(text)))
        let styled = output.styled(text, cell.style)
        if numbers.contains(column) {
          line += gap + styled
        } else {
          line += column == last ? styled : styled + gap
        }
        if column < last { line += "  " }
      }
      while line.hasSuffix(" ") { line.removeLast() }
      output.line(line)
    }
  }
}
