import Agent
import Codec
import Merge
import ServiceDesk

/// Shows anything, also as it was.
enum ShowCommand {
  static let command = Command(
    "show", "Show an entity as it is, as it was, or as somebody knew it",
    details: KnowledgeOptions.details + [
      "As it is, it is shown without facts that must not be shown and without redacted words. As it was or was known, it has all "
        + "that was written: that is for whoever has to find out what happened."
    ],
    operands: [EntityCommands.entity],
    options: KnowledgeOptions.all,
    examples: [
      .init("As it is", "askonce show k7f3.418"),
      .init("As it was on Monday at nine", "askonce show k7f3.418 --at '2026-11-23 09:00'"),
      .init("At a place in the order", "askonce show k7f3.418 --at 10432"),
      .init(
        "What did Anna know when she answered?",
        "askonce show k7f3.418 --as-known-by anna --at '2026-11-21 14:05'"),
    ]
  ) { typed in
    let (text, options) = (typed.operand(0), try KnowledgeOptions(typed))
    return { context in
      try context.withDesk(.reading) { desk in
        let id = try context.find(text, desk)
        let cut = try options.cut(desk, context)
        if let note = cut?.note { context.note(note) }
        let found = try cut.map { try desk.state(of: id, at: $0.knowledge) } ?? desk.store.mergedState(of: id)
        guard let whole = found else {
          throw Failure(.notFound, "nothing of \(id) was known there and then")
        }
        let (state, hidden) = cut == nil ? try desk.shown(whole) : (whole, 0)
        if state.registers.contains(where: { $0.value.heads.contains { $0.value.isThinned } }) {
          context.note(try RetentionCommand.missing(desk))
        }
        if context.isJSON {
          context.output.json(
            EntityJSON.value(state, knowledge(cut) + [("hidden", hidden == 0 ? nil : JSONText(hidden))]))
        } else {
          EntityText.write(state, to: context.output)
          EntityText.tellHidden(hidden, context.output)
        }
      }
    }
  }

  /// `"known":{"replica":ID,"position":N,"most":N}`.
  private static func knowledge(_ cut: KnowledgeOptions.Cut?) -> [(String, JSONText?)] {
    guard let device = cut?.device else { return [] }
    return [
      (
        "known",
        JSONText(present: [
          ("replica", JSONText("\(device.replica)")), ("position", JSONText(Int(device.position))),
          ("most", device.most.map { JSONText(Int($0)) }), ("exact", JSONText(device.isExact)),
        ])
      )
    ]
  }
}
