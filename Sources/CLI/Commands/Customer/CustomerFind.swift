import Agent
import Codec
import ServiceDesk

/// Finds customers by whatever they say of themselves.
enum CustomerFind {
  static let command = Command(
    "customer find", "Find a customer by phone number, e-mail, handle, number or name",
    details: [
      "Phone numbers are compared without spaces and dashes, names without regard to case and accents. The best "
        + "match comes first. Exit code 3 when nobody is found."
    ],
    operands: [Operand("TEXT", .some, "what the customer said")],
    options: [Limit.option],
    examples: [
      .init("A number on the display", "askonce customer find 070-123 45 67"),
      .init("A name", "askonce customer find anna lind"),
    ]
  ) { typed in
    let limit = try Limit(typed)
    let text = typed.operands.joined(separator: " ")
    return { context in
      var isFound = false
      _ = try context.withDesk(.reading) { desk in
        let (matches, isCut) = try limit.cut(isJSON: context.isJSON) {
          try desk.findCustomers(text, limit: $0)
        }
        isFound = !matches.isEmpty
        write(matches, desk, context)
        if !context.isJSON { limit.tellMore(isCut, context) }
      }
      if !isFound, !context.isJSON { throw Failure(.notFound, "no customer fits '\(text)'") }
      return isFound ? .ok : .notFound
    }
  }

  static func write(_ matches: [CustomerMatch], _ desk: Desk, _ context: Context) {
    if context.isJSON {
      var list = JSONList(context.output)
      for match in matches {
        list.add(
          CustomerJSON.row(
            match.customer, desk,
            [("reason", JSONText("\(match.reason)")), ("matched", JSONText(match.matched))]))
      }
      list.end()
      return
    }
    var table = Table(["id", "found by", "match", "name"])
    for match in matches {
      table.add([
        .init(desk.shortID(match.customer.id)), .init("\(match.reason)"), .init(match.matched),
        CustomerTable.name(match.customer),
      ])
    }
    table.write(to: context.output)
  }
}
