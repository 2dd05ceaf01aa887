import Agent
import Codec
import Merge
import ServiceDesk

/// Lists profiles that may be of one person.
enum CustomerDuplicates {
  private static let possible = Option.flag("possible", "list pairs that are only worth a look too")

  static let command = Command(
    "customer duplicates", "List profiles that are likely of one person, the surest first",
    details: [
      "Profiles are compared by name, day of birth, contact points and address; typing mistakes and names that were changed "
        + "over do not matter. BITS says how much speaks for it: one more bit doubles the odds.",
      "With CUSTOMER only its duplicates are looked for, which takes no longer in a large store. Without, every profile is read.",
    ],
    operands: [Operand("CUSTOMER", .optional, "the start of its id, or its number from another system")],
    options: [possible, Limit.option],
    examples: [
      .init("What to tidy up", "askonce customer duplicates --limit 20"),
      .init("Is this one here twice?", "askonce customer duplicates k7f3.12"),
      .init(
        "All pairs as ids", "askonce customer duplicates --json | jq -r '.[] | [.id, .other] | @tsv'"),
    ]
  ) { typed in
    let limit = try Limit(typed)
    let (text, isWide) = (typed.optional(0), typed.has(possible))
    return { context in
      try context.withDesk(.reading) { desk in
        var found: [DuplicateSuggestion]
        if let text {
          let id = try context.find(text, type: Vocabulary.customer, desk)
          found = try desk.duplicates(of: id, limit: .max).filter { isWide || $0.grade == .likely }
        } else {
          let progress = Progress(context.errors)
          found = try desk.duplicates(possible: isWide) { count in
            if count % 500 == 0 { progress.update("\(Words.count(count, "customer")) read") }
          }
          progress.end()
        }
        let shown = Array(found.prefix(limit.count(isJSON: context.isJSON)))
        try SuggestionTable.write(shown, desk, context)
        if !context.isJSON { limit.tellRest(shown.count, of: found.count, "pair", context) }
      }
    }
  }
}

/// Tells who somebody may be while they are being typed.
enum CustomerSimilar {
  private static let typing = Option.flag(
    "typing", "the name is not complete: its last word may be the start of one, from its third letter on")
  /// More would help nobody who is on the phone.
  private static let most = 50
  private static let birth = Option.value("birth", "DATE", "the day of birth")

  static let command = Command(
    "customer similar", "Tell who a new customer may be, while you type what you know",
    details: [
      "Give what is known so far, as for 'customer new'; nothing is written. Exit code 3 when nobody is like that.",
      "A few profiles are compared, however many there are.",
    ],
    operands: [Operand("NAME", .optional, "the name, as far as it is known")],
    options: CustomerCommands.fields.options + [birth, typing, Limit.option(most: most)],
    examples: [
      .init("Before a profile is made", "askonce customer similar 'Ana Lint' --phone 070-1234567"),
      .init("From a form, at every key", "askonce customer similar 'anna lin' --city Lund --typing --json"),
    ]
  ) { typed in
    let limit = try Limit(typed, most: most)
    let draft = try CustomerCommands.fields.draft(typed, assignments: [])
    let (name, isPartial, day) = (typed.optional(0), typed.has(typing), typed[birth])
    return { context in
      var isFound = false
      _ = try context.withDesk(.reading) { desk in
        var sketch = PersonSketch(draft, country: try desk.country())
        if let name { sketch.add(name: name) }
        if let day { sketch.add(birth: day) }
        let known = sketch
        let (found, isCut) = try limit.cut(isJSON: context.isJSON) {
          try desk.similarCustomers(to: known, isPartial: isPartial, limit: $0)
        }
        isFound = !found.isEmpty
        try SuggestionTable.write(found, desk, context)
        if !context.isJSON { limit.tellMore(isCut, context) }
      }
      if !isFound, !context.isJSON { throw Failure(.notFound, "nobody here is like that") }
      return isFound ? .ok : .notFound
    }
  }
}

/// Suggestions as a person and as a program reads them.
enum SuggestionTable {
  static func write(_ found: [DuplicateSuggestion], _ desk: Desk, _ context: Context) throws {
    let rows = try desk.customers(Set(found.map(\.other) + found.compactMap(\.profile)))
    if context.isJSON {
      var list = JSONList(context.output)
      for suggestion in found { list.add(json(suggestion, rows, desk)) }
      list.end()
      return
    }
    var table = Table(["id", "name", "other", "name", "bits", "grade", "because of"], numbers: [4])
    for suggestion in found {
      table.add([
        .init(suggestion.profile.map(desk.shortID) ?? "-"),
        .init(suggestion.profile.map { rows[$0]?.name ?? "" } ?? "-"), .init(desk.shortID(suggestion.other)),
        .init(rows[suggestion.other]?.name ?? ""), .init("\(Int(suggestion.bits.rounded()))"),
        .init(suggestion.grade.rawValue, suggestion.grade == .likely ? .yellow : nil),
        .init(suggestion.evidence.map(\.feature).joined(separator: ", ")),
      ])
    }
    table.write(to: context.output)
  }

  private static func json(
    _ suggestion: DuplicateSuggestion, _ rows: [EntityID: CustomerRow], _ desk: Desk
  ) -> JSONText {
    let evidence = suggestion.evidence.map { ($0.feature, JSONText(Int($0.bits.rounded()))) }
    let (profile, other) = (suggestion.profile.flatMap { rows[$0] }, rows[suggestion.other])
    return JSONText(present: [
      ("id", suggestion.profile.map { JSONText($0.description) }), ("ref", profile?.ref.map { JSONText($0) }),
      ("name", profile.map { JSONText($0.name) }), ("other", JSONText(suggestion.other.description)),
      ("otherShort", JSONText(desk.shortID(suggestion.other))), ("otherRef", other?.ref.map { JSONText($0) }),
      ("otherName", other.map { JSONText($0.name) }), ("grade", JSONText(suggestion.grade.rawValue)),
      ("bits", JSONText(Int(suggestion.bits.rounded()))), ("evidence", JSONText(object: evidence)),
    ])
  }
}
