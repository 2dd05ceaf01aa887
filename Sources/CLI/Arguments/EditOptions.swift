import Codec
import Merge
import ServiceDesk

/// Options that set or clear fields, shared by commands that make and edit customers and tickets.
struct FieldOptions {
  /// Of which type the entities are.
  let type: String
  /// An option and the field that it sets.
  let fields: [(option: Option, field: ExactString)]
  /// An option and the set that it adds to.
  let sets: [(option: Option, field: ExactString)]

  var options: [Option] { fields.map(\.option) + sets.map(\.option) }

  /// Further fields by name.
  static let operand = Operand(
    "FIELD=VALUE", .any, "any other field and its value; FIELD:=JSON for numbers and other JSON")
  static let clear = Option.list("clear", "FIELD", "take the field's value away")

  /// What the options and the assignments ask for. A field is set once, and one that means something to the desk to what it
  /// can be, whichever way it is set.
  ///
  /// - Parameter named: the value of a field that has an operand or option of its own, by the name of that.
  func draft(
    _ typed: TypedArguments, assignments: [String],
    named: [(name: String, field: ExactString, value: String)] = []
  ) throws(Failure) -> Draft {
    var draft = try Assignment.draft(assignments, isJSON: false)
    for (name, field, value) in named {
      guard draft.set.updateValue(JSONText(value), forKey: field) == nil else {
        throw .usage("'\(field)' is set twice, as \(name) too")
      }
    }
    for (option, field) in fields {
      guard let value = typed[option] else { continue }
      guard draft.set.updateValue(JSONText(value), forKey: field) == nil else {
        throw .usage("'\(field)' is set twice, by --\(option.name) too")
      }
    }
    for (option, field) in sets {
      let elements = typed.list(option)
      guard !elements.isEmpty else { continue }
      do {
        draft.add[field] = try BuiltInField.elements(elements, of: field)
      } catch {
        throw .usage("--\(option.name) is empty")
      }
    }
    for name in typed.list(Self.clear) {
      let field = try FieldName.parse(name)
      guard draft.set[field] == nil else { throw .usage("'\(name)' is set and cleared at once") }
      draft.clear.insert(field)
    }
    try BuiltInField.read(&draft, type: type)
    return draft
  }
}
