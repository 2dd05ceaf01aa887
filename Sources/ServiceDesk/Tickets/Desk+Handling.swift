import Agent
import Causality
import Codec
import Merge
import Storage

/// Who has a ticket, who answers for it, and how it ends.
extension Desk {
  /// Takes a ticket. The first who takes or answers it owns it until a follow-up.
  @discardableResult
  public func take(_ ticket: EntityID) throws(DeskError) -> Change? {
    let state = try known(ticket, as: Vocabulary.ticket)
    let agent = store.configuration.agent
    if let other = state.text("assignee"), !other.isEmpty, other != agent {
      throw .invalid("\(other) has it; a transfer hands it over, with a reason")
    }
    var draft = Draft()
    draft.set["assignee"] = JSONText(agent)
    if state.text("status") ?? "new" == "new" { draft.set["status"] = JSONText("open") }
    own(&draft, state, agent)
    return try commit(Edit(.entity(ticket), draft))
  }

  /// Makes an agent the owner of a ticket that has none.
  func own(_ draft: inout Draft, _ state: EntityState, _ agent: String) {
    guard state.id.type == Vocabulary.ticket, state.text(Vocabulary.owner)?.isEmpty != false else { return }
    draft.set[Vocabulary.owner] = JSONText(agent)
  }

  /// Hands a ticket to another agent or team. Whoever owns it still answers for it.
  ///
  /// Where two hand it over at the same time, the first one's agent has it until somebody settles that; both reasons
  /// are in the timeline.
  /// - Throws: `DeskError.invalid` without a reason, to nobody, or for what is no ticket.
  @discardableResult
  public func transfer(
    _ ticket: EntityID, to agent: String? = nil, team: String? = nil, because reason: String
  ) throws(DeskError) -> Change? {
    guard reason.contains(where: { !$0.isWhitespace }) else {
      throw .invalid("a transfer needs a reason, so that the next one does not ask the customer")
    }
    guard agent?.isEmpty == false || team?.isEmpty == false else {
      throw .invalid("to whom? A transfer needs an agent or a team")
    }
    let state = try known(ticket, as: Vocabulary.ticket)
    var members = [("kind", JSONText(Vocabulary.transfer))]
    var draft = Draft()
    let present = state.text("assignee") ?? ""
    if let agent { draft.set["assignee"] = JSONText(agent) } else { draft.clear.insert("assignee") }
    if let team { draft.set["team"] = JSONText(team) }
    let ends = [
      ("from", present), ("to", agent), ("fromTeam", team == nil ? nil : state.text("team")),
      ("toTeam", team),
    ]
    for case (let name, let text?) in ends where !text.isEmpty { members.append((name, JSONText(text))) }
    members.append(("text", JSONText(reason)))
    draft.log[Vocabulary.timeline] = JSONText(object: members)
    own(&draft, state, present.isEmpty ? store.configuration.agent : present)
    return try commit(Edit(.entity(ticket), draft))
  }

  /// What became of solving a ticket.
  public struct Solved: Sendable {
    /// The change that was made; nil where nothing changed.
    public let change: Change?
    /// What was promised in it and is not kept yet.
    public let openPromises: [PromiseRow]
  }

  /// Solves a ticket. It needs a solution in words and the record that the customer was told, unless both are there
  /// already; a ticket without a customer needs nobody told.
  ///
  /// - Parameters:
  ///   - solution: how it was solved; nil for what the ticket says already.
  ///   - channel: the channel on which the customer was told; nil where that is in the timeline already.
  /// - Throws: `DeskError.invalid` with all that is missing.
  @discardableResult
  public func solve(
    _ ticket: EntityID, solution: String? = nil, told channel: String? = nil
  ) throws(DeskError) -> Solved {
    try known(ticket, as: Vocabulary.ticket)
    let page = try page(ticket)
    let state = page.view.state
    let words = solution ?? state.text(Vocabulary.solution) ?? ""
    let reopened =
      page.entries.last { $0.entry.event == "reopened" }?.entry.effective ?? .zero
    let isTold = page.entries.contains { $0.entry.kind == Vocabulary.told && $0.entry.effective > reopened }
    var missing: [String] = []
    if !words.contains(where: { !$0.isWhitespace }) { missing.append("the solution in words") }
    if channel == nil, !isTold, page.view.customer != nil {
      missing.append("the record that the customer was told, and on which channel")
    }
    guard missing.isEmpty else {
      throw .invalid("not solved yet: it lacks \(missing.joined(separator: " and "))")
    }
    var draft = Draft()
    draft.set["status"] = JSONText("solved")
    draft.set[Vocabulary.solution] = JSONText(words)
    own(&draft, state, store.configuration.agent)
    if let channel {
      draft.log[Vocabulary.timeline] = Self.entry(
        kind: Vocabulary.told, channel: channel, direction: "out", text: words, more: [])
    }
    let change = try commit(Edit(.entity(page.id), draft))
    return Solved(change: change, openPromises: page.promises.filter(\.isOpen))
  }

  /// Opens a solved or closed ticket again.
  ///
  /// - Returns: nil where it is open already.
  @discardableResult
  public func reopen(_ ticket: EntityID, because reason: String) throws(DeskError) -> Change? {
    guard Vocabulary.finished.contains(try known(ticket, as: Vocabulary.ticket).text("status") ?? "") else {
      return nil
    }
    guard reason.contains(where: { !$0.isWhitespace }) else { throw .invalid("why is it opened again?") }
    return try commit(Edit(.entity(ticket), Self.reopening(reason)))
  }

  /// What opens a ticket again, with a word about it in the timeline where it was finished.
  static func reopening(_ reason: String?) -> Draft {
    var draft = Draft()
    draft.set["status"] = JSONText("open")
    if let reason { draft.log[Vocabulary.timeline] = event("reopened", reason) }
    return draft
  }

  /// Records that the customer was asked whether all is well. With it the owner's work on a finished ticket ends; of an
  /// open one, whoever has it becomes the owner.
  @discardableResult
  public func followUp(_ ticket: EntityID, channel: String, text: String) throws(DeskError) -> Change? {
    let state = try known(ticket, as: Vocabulary.ticket)
    var draft = Draft()
    draft.log[Vocabulary.timeline] = Self.entry(
      kind: Vocabulary.followUp, channel: channel, direction: "out", text: text, more: [])
    if Vocabulary.finished.contains(state.text("status") ?? "") {
      draft.clear.insert(Vocabulary.owner)
    } else if let assignee = state.text("assignee"), !assignee.isEmpty {
      draft.set[Vocabulary.owner] = JSONText(assignee)
    }
    return try commit(Edit(.entity(ticket), draft))
  }

  /// Records that the customer got something for the trouble.
  @discardableResult
  public func compensate(_ ticket: EntityID, _ money: Money, because reason: String) throws(DeskError)
    -> Change?
  {
    try known(ticket, as: Vocabulary.ticket)
    var draft = Draft()
    draft.log[Vocabulary.timeline] = JSONText(object: [
      ("kind", JSONText(Vocabulary.compensation)), ("amount", JSONText(money.amount)),
      ("currency", JSONText(money.currency)), ("text", JSONText(reason)),
    ])
    return try commit(Edit(.entity(ticket), draft))
  }

  /// An entry about something that happened to a ticket.
  static func event(_ name: String, _ text: String, _ more: [(String, JSONText)] = []) -> JSONText {
    JSONText(
      object: [("kind", JSONText(Vocabulary.event)), ("event", JSONText(name))] + more
        + [("text", JSONText(text))])
  }
}
