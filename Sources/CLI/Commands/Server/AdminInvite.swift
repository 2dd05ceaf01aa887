import Agent
import Causality
import Codec
import Merge
import Server
import Storage

/// Makes one-time codes.
enum AdminInvite {
  private static let agent = Option.value(
    "agent", "NAME", "for whom; without it whoever uses the code says who they are")
  private static let role = Option.value(
    "role", "ROLE", "what the device may do (default: agent)", choices: ["agent", "supervisor", "gateway"])
  private static let expires = Option.value(
    "expires", "TIME", "how long the code can be used: 30m, 12h, 7d (default: 7d)")

  static let command = Command(
    "admin invite", "Make a one-time code with which one device can join",
    details: ["Give the code to nobody but the one it is for. The server keeps only a hash of it."],
    operands: [DataFolder.workspace],
    options: [DataFolder.option, agent, role, expires],
    examples: [
      .init("A colleague's laptop", "askonce admin invite nord --data /var/lib/askonce --agent anna"),
      .init("A supervisor, within the hour", "askonce admin invite nord --role supervisor --expires 1h"),
    ]
  ) { typed in
    let (folder, name) = (DataFolder.path(typed), typed.operand(0))
    let (agent, role) = (typed[agent], typed[role] ?? "agent")
    if let agent, !Change.isAuthor(agent) { throw Failure.usage(Change.authorRule) }
    let text = typed[expires] ?? "7d"
    guard let span = Moment.length(text), span > 0 else {
      throw Failure.usage("--expires takes a length of time such as 30m, 12h or 7d, not '\(text)'")
    }
    return { context in
      let path = try folder(context)
      _ = try DataFolder.disk(path, name, context)
      let end = context.system.now() + span
      let code: String
      do throws(StorageError) {
        code = try DataFolder.open(path, context).devices(name).invite(agent: agent, role: role, expires: end)
      } catch {
        throw error.of(workspace: name)
      }
      if context.isJSON {
        context.output.json([
          ("code", JSONText(code)), ("workspace", JSONText(name)), ("agent", agent.map { JSONText($0) }),
          ("role", JSONText(role)), ("expires", JSONText(HybridTime(milliseconds: end).description)),
        ])
      } else {
        context.output.line(code)
        context.note("valid once, until \(Moment.local(end)); join with 'askonce join URL --code \(code)'")
      }
      return .ok
    }
  }
}
