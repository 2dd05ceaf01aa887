import Agent

/// Brings the store and its server together.
enum SyncCommand {
  private static let live = Option.flag("live", "stay and sync whenever either side has something new")
  private static let noRetry = Option.flag("no-retry", "do not try again when the server cannot be reached")

  static let command = Command(
    "sync", "Send this device's edits and fetch everybody else's",
    details: [
      "When the server cannot be reached it tries again, five times in about ten seconds; a server or proxy that asks "
        + "for a longer pause (Retry-After) gets it, up to a minute. Edits are safe in the store in any case. A line says "
        + "where this agent's work now conflicts with a colleague's. With --live it stays: it is told when a colleague's "
        + "edits arrive, looks each second whether other commands edited this store, and waits out outages; where a proxy "
        + "does not let the server's news through, it asks every 5 to 60 s. It ends with Ctrl-C."
    ],
    options: [live, noRetry],
    examples: [
      .init("Once", "askonce sync"),
      .init("While working", "askonce sync --live &"),
      .init("From a timer", "askonce sync --no-retry --json"),
    ]
  ) { typed in
    let (isLive, retries) = (typed.has(live), !typed.has(noRetry))
    return { context in
      if isLive {
        try LiveSync(context).run()
        return .ok
      }
      let (report, news) = try SyncRun(context, retries: retries).sync(try context.open(.writing))
      if context.isJSON {
        context.output.json(SyncRun.json(report, news))
      } else {
        SyncRun.write(report, news, context)
      }
      return .ok
    }
  }
}
