import Agent
import Causality
import Codec
import Storage

/// Makes a store.
enum InitCommand {
  private static let agent = Option.value(
    "agent", "NAME", "who works with this store, as colleagues see it (default: the user's name)")

  static let command = Command(
    "init", "Make a store on this device, without a server",
    details: [
      "Everything but 'sync' works in it. It can join a server later with 'askonce join'; what was edited until "
        + "then is sent there."
    ],
    options: [agent],
    examples: [
      .init("Try AskOnce in a folder of its own", "askonce init --store demo --agent anna"),
      .init("Make the store that other commands use by default", "askonce init"),
    ]
  ) { typed in
    let name = typed[agent]
    return { context in
      guard let agent = name ?? context.userName, !agent.isEmpty else {
        throw Failure.usage("who works with this store? Give --agent NAME")
      }
      let store = try Store.make(at: context.store, agent: agent, environment: context.system)
      if context.isJSON {
        context.output.json([
          ("store", JSONText(context.store)), ("replica", JSONText(store.replica.description)),
          ("agent", JSONText(agent)),
        ])
      } else {
        context.output.line("made a store for \(Plain.line(agent)) at \(Plain.line(context.store))")
      }
      return .ok
    }
  }
}
