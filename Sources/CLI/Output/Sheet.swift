import Causality
import Codec
import Merge
import ServiceDesk

/// Names at the left, values at the right, as a person reads one thing.
package struct Sheet {
  private var rows: [(name: String, text: String, style: Style?)] = []

  package init() {}

  package var isEmpty: Bool { rows.isEmpty }

  /// Adds a row; nothing where there is no text.
  package mutating func add(_ name: String, _ text: String?, _ style: Style? = nil) {
    if let text, !text.isEmpty { rows.append((Plain.line(name), Plain.line(text), style)) }
  }

  /// Adds a field, and under it the other values where people disagree.
  ///
  /// - Parameter words: how a value is read.
  package mutating func add(
    _ name: String, _ field: FieldView?, as words: (JSONText) -> String = { $0.told }
  ) {
    guard let field else { return }
    add(name, words(field.shown.value))
    guard field.isConflict else { return }
    for head in field.heads where head.id != field.shown.id && head.value != field.shown.value {
      rows.append(
        ("", Plain.line("or \(words(head.value)) (\(head.by), \(Moment.local(head.effective)))"), .yellow))
    }
  }

  package func write(to output: Output, indent: String = "") {
    let width = rows.map { Plain.width($0.name) }.max() ?? 0
    for row in rows {
      let gap = String(repeating: " ", count: width - Plain.width(row.name) + 2)
      output.line(indent + output.styled(row.name, .dim) + gap + output.styled(row.text, row.style))
    }
  }
}
