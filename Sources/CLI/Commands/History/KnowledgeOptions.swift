import Agent
import Causality
import Merge
import ServiceDesk

/// `--at` and `--as-known-by`: which changes count.
struct KnowledgeOptions {
  static let at = Option.value(
    "at", "WHEN", "as of a position of the workspace's order, or a time: 2026-11-21, '2026-11-21 14:05', 2h")
  static let knownBy = Option.value(
    "as-known-by", "AGENT", "as this agent's device knew it then; needs --at with a time")

  static let all = [at, knownBy]

  static let details = [
    "--at POSITION shows what the server had placed up to there. --at TIME shows what counts as made by then, also what "
      + "was made offline and reached the server later. With --as-known-by it shows what that agent's device knew: exact at "
      + "the agent's own edits, because an edit says what its author had merged. Between two edits the device may have "
      + "synced; then what it knew at least is shown, and it is said so. On the agent's own device the syncs are noted and it is "
      + "exact. Finding an agent's edits reads the whole store."
  ]

  private let when: String?
  private let agent: String?

  init(_ typed: TypedArguments) throws(Failure) {
    when = typed[Self.at]
    agent = typed[Self.knownBy]
    guard agent == nil || when != nil else { throw .usage("--as-known-by needs --at TIME") }
    if let when, Self.position(when) == nil || agent != nil { _ = try Moment.parse(when, now: 0) }
  }

  var isGiven: Bool { when != nil }

  /// A cut, and what is to be said about it.
  struct Cut {
    let knowledge: Knowledge
    let note: String?
    let device: DeviceKnowledge?
  }

  static func position(_ text: String) -> UInt64? { UInt64(text) }

  /// A cut as typed: a position, or a time.
  static func cut(_ text: String, _ context: Context) throws -> Knowledge {
    if let position = position(text) { return .position(position) }
    return .time(try Moment.parse(text, now: context.system.now()))
  }

  /// What the options say; nil where they are not given.
  func cut(_ desk: Desk, _ context: Context) throws -> Cut? {
    guard let when else { return nil }
    guard let agent else { return Cut(knowledge: try Self.cut(when, context), note: nil, device: nil) }
    let time = try Moment.parse(when, now: context.system.now())
    guard let device = try desk.knowledge(of: agent, at: time) else {
      throw Failure(
        .notFound,
        "\(agent) has made no edit up to \(Moment.local(time)) that is known here, so nothing tells what they knew"
      )
    }
    return Cut(knowledge: device.least, note: Self.note(agent, device), device: device)
  }

  private static func note(_ agent: String, _ device: DeviceKnowledge) -> String {
    let edit = device.lastEdit.map { ", whose last edit was made \(Moment.local($0))" } ?? ""
    let knew =
      "device \(device.replica) of \(agent)\(edit), knew the workspace up to position \(device.position)"
    guard !device.isExact else { return knew }
    let most = device.most.map { "up to position \($0)" } ?? "more"
    return "\(knew) at least; it may have synced since then and have known \(most)"
  }
}
