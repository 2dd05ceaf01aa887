import Agent
import Codec
import ServiceDesk

/// Makes a store as small and quick to read as it can be.
enum CompactCommand {
  static let command = Command(
    "compact", "Make one compressed run of everything in the store",
    details: [
      "Commands compact the store by themselves where that is due, a little at a time. This does all of it at "
        + "once. Nothing is lost by it: history stays, but for what the workspace's retention lets go (askonce retention)."
    ],
    examples: [.init("After a large import", "askonce compact")]
  ) { _ in
    { context in
      let store = try context.open(.writing)
      let before = FolderSize.bytes(context.store)
      try withExtendedLifetime(Desk(store)) { _ = try store.compact(all: true) }
      let after = FolderSize.bytes(context.store)
      if context.isJSON {
        context.output.json([
          ("before", JSONText(before)), ("after", JSONText(after)), ("thinned", JSONText(store.thinnedCount)),
        ])
      } else {
        context.output.line("\(Words.bytes(before)) before, \(Words.bytes(after)) now")
        if store.thinnedCount > 0 {
          context.output.line("thinned \(Words.count(store.thinnedCount, "replaced value"))")
        }
      }
      return .ok
    }
  }
}
