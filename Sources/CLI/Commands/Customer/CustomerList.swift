import Agent
import ServiceDesk

/// Lists customers.
enum CustomerList {
  static let command = Command(
    "customer list", "List customers, the one that was updated last first",
    options: [Limit.option],
    examples: [
      .init("The latest ten", "askonce customer list --limit 10"),
      .init("All names", "askonce customer list --json | jq -r '.[].name'"),
    ]
  ) { typed in
    let limit = try Limit(typed)
    return { context in
      try context.withDesk(.reading) { desk in
        let (rows, total) = try desk.customers(limit: limit.count(isJSON: context.isJSON))
        if context.isJSON {
          var list = JSONList(context.output)
          for row in rows { list.add(CustomerJSON.row(row, desk)) }
          list.end()
        } else {
          CustomerTable.write(rows, desk, to: context.output)
          limit.tellRest(rows.count, of: total, "customer", context)
        }
      }
    }
  }
}
