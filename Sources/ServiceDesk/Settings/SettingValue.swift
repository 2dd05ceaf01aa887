import Causality
import Codec
import Merge

extension Settings {
  /// The value of a setting as it is kept, from what somebody gives to settle a conflict about it: what the setting's own command makes,
  /// or the bare value of which it is made, which takes the place in what is shown.
  ///
  /// What this version does not know as a setting may hold anything.
  /// - Parameter shown: the value that is shown now.
  /// - Throws: `DeskError.invalid` for what would count as no value of it.
  public static func value(
    _ given: JSONText, of field: ExactString, like shown: JSONText? = nil
  ) throws(DeskError) -> JSONText {
    func named(_ prefix: String) -> String? {
      field.text.hasPrefix(prefix) ? String(field.text.dropFirst(prefix.count)) : nil
    }
    /// A bare value in the place of a member of what is shown.
    func member(_ name: String) -> JSONText {
      if given.members != nil { return given }
      let rest = (shown?.members ?? []).filter { $0.key != name }
      return JSONText(object: [(name, given)] + rest.map { ($0.key, $0.value) })
    }
    func require(_ isRight: Bool, _ what: String) throws(DeskError) {
      if !isRight { throw .invalid("'\(field)' \(what), not \(given.text)") }
    }
    func isText(_ value: JSONText?) -> Bool { value.map { $0.string != nil } ?? true }
    switch field {
    case Vocabulary.country:
      let code = given.string?.uppercased() ?? ""
      try require(PhoneNumber.countries.contains(code), "is a country's two letters, such as 'SE'")
      return JSONText(code)
    case Vocabulary.retention:
      // As an option's value it is text.
      let days = given["days"]?.int ?? given.int ?? given.string.flatMap { Int($0) }
      guard let retention = days.flatMap({ Retention(days: $0) }) else {
        throw .invalid(
          "'\(field)' is a whole number of days from 1 to \(Retention.maximum), not \(given.text)")
      }
      return JSONText(object: [("days", JSONText(retention.days))])
    case Vocabulary.hours:
      try require(
        given["zone"]?.string != nil && BusinessHours(given) != nil,
        "holds {\"zone\", \"rule\", \"week\", \"closed\"} as 'askonce hours --json' prints them")
    default: break
    }
    if named(Vocabulary.savedPrefix) != nil {
      let value = member("text")
      let text = value["text"]?.string ?? ""
      try require(!text.isEmpty && isText(value["language"]), "holds a reply's text")
      try Placeholders.check(text)
      return value
    }
    if named(Vocabulary.purposePrefix) != nil {
      let value = member("default")
      let isKnown = ["granted", "withdrawn"].contains(value["default"]?.string)
      try require(isKnown && isText(value["text"]), "is one of granted, withdrawn")
      return value
    }
    if named(Vocabulary.questionPrefix) != nil {
      let value = member("text")
      let isHeld = value["days"].map { 1...maximumDays ~= $0.int ?? 0 } ?? true
      try require(
        value["text"]?.string?.isEmpty == false && isHeld,
        "holds a question, and 1 to \(maximumDays) days where the answer does not hold for ever")
      return value
    }
    if named(Vocabulary.targetPrefix) != nil {
      let members = given.members ?? []
      let isRight = members.allSatisfy { key, value in
        ["first", "next", "resolution"].contains(key) && 1...ResponseTarget.maximum ~= value.int ?? 0
      }
      try require(
        given.members != nil && isRight,
        "holds {\"first\", \"next\", \"resolution\"} in minutes, those that there are")
    }
    if let name = named(Vocabulary.triagePrefix) {
      guard let rule = TriageRule(name, given), given["order"].map({ $0.int != nil }) ?? true else {
        throw .invalid(
          "'\(field)' holds a rule as 'askonce triage rule list --json' prints it, not \(given.text)")
      }
      try Desk.check(rule)
    }
    return given
  }
}
