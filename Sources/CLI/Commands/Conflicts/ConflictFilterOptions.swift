import Agent
import Merge
import ServiceDesk

/// The filters that `conflicts` and `conflicts walk` share.
struct ConflictFilterOptions {
  private static let mine = Option.flag("mine", "only what this store's agent wrote or has")
  private static let agent = Option.value("agent", "NAME", "only what this agent wrote or has")
  private static let team = Option.value("team", "NAME", "only tickets of this team")
  private static let field = Option.value("field", "FIELD", "only this field; 'fact' for every fact")
  private static let kind = Option.list(
    "kind", "KIND", "only this kind: " + ConflictKind.allCases.map(\.rawValue).joined(separator: ", "))
  private static let since = Option.value(
    "since", "TIME", "only with something since: 2026-11-21, '2026-11-21 14:05', 3d, 2h")
  private static let customer = Option.value("customer", "CUSTOMER", "only of this customer")
  private static let on = Option.value("on", "ENTITY", "only on this ticket, customer or other entity")

  static let all = [mine, agent, team, field, kind, since, customer, on]

  private var filter = ConflictFilter()
  private let isMine: Bool
  private let start: String?
  private let owner: String?
  private let entity: String?

  init(_ typed: TypedArguments) throws(Failure) {
    isMine = typed.has(Self.mine)
    guard !isMine || !typed.has(Self.agent) else { throw .usage("--mine and --agent exclude each other") }
    filter.agent = typed[Self.agent]
    filter.team = typed[Self.team]
    filter.field = typed[Self.field]
    for word in typed.list(Self.kind) {
      guard let kind = ConflictKind(rawValue: word) else {
        let near = Suggestion.nearest(to: word, among: ConflictKind.allCases.map(\.rawValue))
          .map { "; did you mean '\($0)'?" }
        throw .usage(
          "--kind is one of \(ConflictKind.allCases.map(\.rawValue).joined(separator: ", ")), not '\(word)'\(near ?? "")"
        )
      }
      filter.kinds.insert(kind)
    }
    (start, owner, entity) = (typed[Self.since], typed[Self.customer], typed[Self.on])
    if let start { _ = try Moment.parse(start, now: 0) }
  }

  func filter(_ desk: Desk, _ context: Context) throws -> ConflictFilter {
    var filter = filter
    if isMine { filter.agent = desk.store.configuration.agent }
    if let start { filter.since = try Moment.parse(start, now: context.system.now()) }
    if let owner { filter.customer = try context.find(owner, type: Vocabulary.customer, desk) }
    if let entity { filter.on = try context.find(entity, desk) }
    return filter
  }
}
