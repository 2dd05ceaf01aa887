import Agent
import Codec

/// Prints the store's digest.
enum DigestCommand {
  static let command = Command(
    "digest", "Print a number that is the same wherever the same edits are known",
    details: [
      "Two stores with the same digest hold the same customers and tickets with the same values, conflicts and "
        + "timelines. It reads the whole store."
    ],
    examples: [
      .init("Compare two stores", "[ \"$(askonce digest --store a)\" = \"$(askonce digest --store b)\" ]")
    ]
  ) { _ in
    { context in
      let store = try context.open(.reading)
      let digest = try store.digest()
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
