import Codec
import Merge
import ServiceDesk

/// `field=value` sets a string, `field:=json` any JSON value, as httpie does.
package struct Assignment: Hashable, Sendable {
  package let field: ExactString
  package let value: JSONText

  /// - Parameter isJSON: whether `=` takes JSON too.
  package init(_ text: String, isJSON: Bool) throws(Failure) {
    guard let equals = text.firstIndex(of: "=") else {
      throw .usage("'\(text)' is no assignment; write FIELD=VALUE, or FIELD:=JSON")
    }
    var name = text[..<equals]
    let isRaw = name.last == ":"
    if isRaw { name.removeLast() }
    field = try FieldName.parse(String(name))
    value = try Value.parse(
      String(text[text.index(after: equals)...]), isJSON: isJSON || isRaw, of: field.text)
  }

  /// The assignments as a draft. A field stands once.
  package static func draft(_ texts: [String], isJSON: Bool) throws(Failure) -> Draft {
    var draft = Draft()
    for text in texts {
      let assignment = try Assignment(text, isJSON: isJSON)
      guard draft.set.updateValue(assignment.value, forKey: assignment.field) == nil else {
        throw .usage("'\(assignment.field)' is set twice")
      }
    }
    return draft
  }
}

/// Values as typed.
package enum Value {
  package static func parse(_ text: String, isJSON: Bool, of field: String) throws(Failure) -> JSONText {
    guard isJSON else { return JSONText(text) }
    do {
      return try JSONText(parsing: text.utf8)
    } catch {
      throw .usage(
        "the value of '\(field)' is not JSON: \(error.reason) at byte \(error.offset); a string has quotes of its own"
      )
    }
  }
}

/// Names of fields as typed.
package enum FieldName {
  package static func parse(_ text: String) throws(Failure) -> ExactString {
    guard 1...200 ~= text.utf8.count, !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x22 || $0 == 0x5C })
    else {
      throw .usage(
        "'\(text)' is no field name: 1 to 200 bytes without quotes, backslashes and control characters")
    }
    return ExactString(text)
  }
}
