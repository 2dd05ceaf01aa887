import Agent
import Causality
import Codec
import Storage

/// Binds a store to a server.
enum JoinCommand {
  private static let code = Option.value("code", "CODE", "the one-time code that the operator gave you")
  private static let agent = Option.value("agent", "NAME", "who you are, where the code does not say so")
  private static let restored = Option.flag(
    "restored", "the server was set up anew: give it what this store holds, although it knows nothing of it")
  private static let noSync = Option.flag("no-sync", "do not fetch anything yet")

  static let command = Command(
    "join", "Join a server's workspace and fetch what it holds",
    details: [
      "Makes the store where there is none. A store that was used without a server keeps its edits and sends them. "
        + "A device that was revoked can join again with a new code; its unsent edits stay.",
      "A store stays with its workspace: with a code of another one, or of a server that knows nothing of what the store holds, "
        + "nothing is sent, and another folder (--store) is needed.",
    ],
    operands: [Operand("URL", "the server's address, such as https://desk.example.org")],
    options: [code, agent, restored, noSync],
    examples: [
      .init(
        "On a new device", "askonce join https://desk.example.org --code 4f2k9x-7qmv-p3kd-t8ye-5rnc"),
      .init("A server on this machine", "askonce join http://127.0.0.1:8080 --code CODE --agent anna"),
    ]
  ) { typed in
    let server = try address(typed.operand(0))
    guard let secret = typed[code] else {
      throw Failure.usage("--code is missing; your operator makes one with 'askonce admin invite'")
    }
    let (name, isSyncing, isRestored) = (typed[agent], !typed.has(noSync), typed.has(restored))
    return { context in
      guard let connect = context.connect else { throw Failure(.failed, "this program has no network") }
      let transport = try connect(server)
      if let warning = unencrypted(server) { context.note(warning) }
      let store = try openOrMake(context, name)
      let enrolment = try store.join(
        transport, server: server, code: secret, agent: name, isRestored: isRestored)
      if !context.isJSON {
        context.output.line(
          "joined workspace \(enrolment.workspace) as \(enrolment.agent) (\(enrolment.role))")
        context.output.flush()
      }
      let synced = isSyncing ? try SyncRun(context, retries: true).sync(store) : nil
      if context.isJSON {
        context.output.json([
          ("workspace", JSONText(enrolment.workspace)), ("agent", JSONText(enrolment.agent)),
          ("role", JSONText(enrolment.role)), ("replica", JSONText(store.replica.description)),
          ("sync", synced.map { SyncRun.json($0.report, $0.news) }),
        ])
      } else if let synced {
        SyncRun.write(synced.report, synced.news, context)
      }
      return .ok
    }
  }

  /// The store in the folder, or a new one in which nobody edited anything yet.
  private static func openOrMake(_ context: Context, _ name: String?) throws -> Store {
    do {
      return try context.open(.writing)
    } catch {
      guard case .noStore = error else { throw error }
      // Until the server says who the agent is, the name is that of the user.
      let agent = name ?? context.userName ?? "agent"
      return try Store.make(at: context.store, agent: agent, environment: context.system)
    }
  }

  /// An address with its scheme and without a slash at its end.
  static func address(_ text: String) throws(Failure) -> String {
    var address = text
    while address.last == "/" { address.removeLast() }
    let lowered = address.lowercased()
    guard lowered.hasPrefix("https://") || lowered.hasPrefix("http://"), !address.hasSuffix(":/") else {
      throw .usage("'\(text)' is no server's address; write it like https://desk.example.org")
    }
    return address
  }

  /// A warning where anybody on the way could read along.
  private static func unencrypted(_ server: String) -> String? {
    guard server.lowercased().hasPrefix("http://") else { return nil }
    let host = server.dropFirst("http://".count).prefix { $0 != "/" }
    let isHere = ["127.", "localhost", "[::1]"].contains { host.hasPrefix($0) }
    return isHere
      ? nil : "warning: http is not encrypted; anybody on the way can read customers' data. Use https"
  }
}
