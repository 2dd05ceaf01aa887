import Agent
import Codec
import Merge
import ServiceDesk

/// The inbox.
enum ConflictsList {
  private static let all = Option.flag("all", "also what was settled, replaced, answered by a rule, or equal")
  private static let count = Option.flag("count", "print only how many; ends with 5 where one is open")
  private static let follow = Option.flag("follow", "stay and print new ones as they come, until Ctrl-C")

  static let command = Command(
    "conflicts", "List what people disagree about, the most harmful first",
    details: [
      "A conflict is a field with different values by people who did not know of each other, or a situation that no single "
        + "field shows: a ticket closed without having seen a message, two promises for the same thing, a reply after consent "
        + "was withdrawn. Edits made in parallel that do not clash are none; 'askonce history' marks them.",
      "--count ends with 0 where none is open and with 5 where one is, also with --all. With --json it tells how many by kind, field "
        + "and state.",
    ],
    options: ConflictFilterOptions.all + [all, count, follow, Limit.option],
    examples: [
      .init("The worst first", "askonce conflicts"),
      .init("What I have a part in", "askonce conflicts --mine --since 1d"),
      .init("For a script", "askonce conflicts --count || echo 'somebody has to look'"),
      .init("A stream for a program", "askonce conflicts --follow --json"),
    ]
  ) { typed in
    let (limit, options) = (try Limit(typed), try ConflictFilterOptions(typed))
    let (isAll, isCount, isFollowing) = (typed.has(all), typed.has(count), typed.has(follow))
    guard !isFollowing || !isAll && !isCount else {
      throw Failure.usage("--follow goes with neither --all nor --count")
    }
    return { context in
      if isFollowing {
        try ConflictStream(context, options).run()
        return .ok
      }
      var code = ExitCode.ok
      _ = try context.withDesk(.reading) { desk in
        var filter = try options.filter(desk, context)
        filter.includesClosed = isAll
        if isCount {
          code = try tell(filter, desk, context)
          return
        }
        let (conflicts, total) = try desk.conflicts(filter, limit: limit.count(isJSON: context.isJSON))
        if context.isJSON {
          context.output.json(list: conflicts.map(\.json))
        } else {
          // Those that are not shown are meant by the start of an id as well.
          let all = max(total, try desk.openConflictCount())
          ConflictText.list(conflicts, of: all, context.output)
          limit.tellRest(conflicts.count, of: total, isAll ? "conflict" : "open conflict", context)
        }
      }
      return code
    }
  }

  /// Prints how many there are.
  private static func tell(_ filter: ConflictFilter, _ desk: Desk, _ context: Context) throws -> ExitCode {
    guard context.isJSON else {
      let (_, total) = try desk.conflicts(filter, limit: 0)
      context.output.line("\(total)")
      guard filter.includesClosed else { return total == 0 ? .ok : .conflict }
      var open = filter
      open.includesClosed = false
      return try desk.conflicts(open, limit: 0).total == 0 ? .ok : .conflict
    }
    let (conflicts, _) = try desk.conflicts(filter, limit: .max)
    var states: [String: Int] = [:]
    var kinds: [String: Int] = [:]
    var fields: [String: [String: Int]] = [:]
    for conflict in conflicts {
      states[conflict.state.rawValue, default: 0] += 1
      kinds[conflict.kind.rawValue, default: 0] += 1
      if let field = conflict.field {
        fields[field.text, default: [:]][conflict.state.rawValue, default: 0] += 1
      }
    }
    func object(_ counts: [String: Int]) -> JSONText {
      JSONText(object: counts.sorted { $0.key < $1.key }.map { ($0.key, JSONText($0.value)) })
    }
    context.output.json([
      ("open", JSONText(states["open"] ?? 0)), ("states", object(states)), ("kinds", object(kinds)),
      ("fields", JSONText(object: fields.sorted { $0.key < $1.key }.map { ($0.key, object($0.value)) })),
    ])
    return states["open"] ?? 0 == 0 ? .ok : .conflict
  }
}
