import Causality
import Codec
import Merge

/// The field of a ticket that was split from another one: `{from entries}`, that ticket and what came along of its timeline.
///
/// An export calls the ticket by its number, as in a link. An import has to call both as they are called there: else the
/// entries stay where they were, and the ticket that they went to lacks them.
package enum SplitField {
  package static let name: ExactString = "split"

  /// A value with other names for the ticket and for the entries, where there are such.
  package static func value(
    _ value: JSONText, ticket: (String) -> String?, entry: (ChangeID) -> ChangeID?
  ) -> JSONText {
    guard let members = value.members else { return value }
    return JSONText(
      object: members.map { name, member in
        switch name {
        case "from": (name, member.string.flatMap(ticket).map { JSONText($0) } ?? member)
        case "entries":
          (
            name,
            member.elements.map { entries in
              JSONText(
                array: entries.map { element in
                  let here = element.string.flatMap { ChangeID($0) }.flatMap(entry)
                  return here.map { JSONText($0.description) } ?? element
                })
            } ?? member
          )
        default: (name, member)
        }
      })
  }

  /// Takes the field out of a ticket's edit, as one of its own: it can be made only when all tickets of the file are there, and
  /// their entries.
  static func take(from edit: inout ImportedEdit) -> ImportedEdit? {
    guard edit.key.type == "ticket", let value = edit.draft.set.removeValue(forKey: name) else { return nil }
    var split = ImportedEdit(key: edit.key, at: edit.at, by: edit.by, once: "", line: edit.line)
    split.draft.set[name] = value
    split.entity = edit.entity
    split.isExported = true
    var once = RecordKey(edit.key)
    once.add("split".utf8)
    once.add(value.bytes)
    split.once = once.text
    return split
  }
}

extension ImportedEdit {
  /// Whether it says what a ticket was split from, and nothing else.
  package var isSplit: Bool { isExported && !isSnapshot && draft.set[SplitField.name] != nil }
}
