import Agent
import Codec
import ServiceDesk

/// Prints the store's digest.
enum DigestCommand {
  static let command = Command(
    "digest", "Print a number that is the same wherever the same edits are known",
    details: [
      "Two stores with the same digest hold the same customers and tickets with the same values, conflicts and "
        + "timelines. It reads the whole store. With --at or --as-known-by it is the digest that a device had then, see "
        + "'askonce show --help'."
    ],
    options: KnowledgeOptions.all,
    examples: [
      // Where a store is not there, its command fails and prints nothing, which must not count as the same.
      .init(
        "Compare two stores",
        "a=$(askonce digest --store a) && [ \"$a\" = \"$(askonce digest --store b)\" ]"),
      .init("What Anna's device held then", "askonce digest --as-known-by anna --at '2026-11-21 14:05'"),
    ]
  ) { typed in
    let options = try KnowledgeOptions(typed)
    return { context in
      let store = try context.open(.reading)
      let desk = Desk(store)
      let cut = try options.cut(desk, context)
      if let note = cut?.note { context.note(note) }
      let digest = try cut.map { try desk.digest(at: $0.knowledge) } ?? store.digest()
      if context.isJSON {
        context.output.json([
          ("digest", JSONText(digest)), ("position", JSONText(Int(store.position))),
          ("unsent", JSONText(store.unsent.count)),
        ])
      } else {
        context.output.line(digest)
      }
      return .ok
    }
  }
}
