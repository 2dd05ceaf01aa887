import Agent
import Causality
import Codec
import Merge
import Storage

extension Desk {
  /// The outreach of a name, as the workspace has it; nil where there is none. Cost: one entity.
  public func outreach(_ name: String) throws(DeskError) -> Outreach? {
    guard let id = Outreach(name)?.id else { return nil }
    return try outreach(id)
  }

  /// The outreach of an id, as a ticket names it; nil where there is none. Cost: one entity.
  public func outreach(_ id: EntityID) throws(DeskError) -> Outreach? {
    try stored { () throws(StorageError) in try store.state(of: id) }.flatMap { Outreach($0) }
  }

  /// All of them, newest first, each with how many tickets it has and how many of these are open. Cost: each of them, and a row
  /// for each of their tickets.
  public func outreaches() throws(DeskError) -> [(
    outreach: Outreach, at: HybridTime, tickets: Int, open: Int
  )] {
    var found: [(outreach: Outreach, at: HybridTime, tickets: Int, open: Int)] = []
    var states: [EntityState] = []
    do throws(StorageError) {
      try store.forEachState(ofType: Vocabulary.outreach) { states.append($0) }
    } catch {
      throw .storage(error)
    }
    for state in states {
      guard let outreach = Outreach(state) else { continue }
      let rows = try tickets(of: outreach)
      let open = rows.count { !Vocabulary.finished.contains($0.status) }
      found.append((outreach, state.firstAt, rows.count, open))
    }
    return found.sorted { ($1.at, $0.outreach.name) < ($0.at, $1.outreach.name) }
  }

  private func tickets(of outreach: Outreach) throws(DeskError) -> [TicketRow] {
    try stored { () throws(StorageError) in
      try reading { () throws(StorageError) in
        var rows: [TicketRow] = []
        for id in try tables.entities(.outreach(outreach.id.description)) where id.type == Vocabulary.ticket {
          guard let values = try tables.values(of: id) else { continue }
          let row = TicketRow(id, values)
          if !row.isErased { rows.append(row) }
        }
        return rows
      }
    }
  }

  /// For whom an outreach is, who may be told, on which channel, and who is left out and why. Changes nothing.
  ///
  /// Told are only customers who may be contacted and whose data may be used for its purpose, on a channel that they do not
  /// avoid. Cost: all customers; with purchases only those who bought it, and all purchases.
  /// - Throws: `DeskError.invalid` where it says not for whom, has no words, or names a purpose or channel that there is not.
  public func plan(_ outreach: Outreach) throws(DeskError) -> OutreachPlan {
    let settings = try settings()
    try check(outreach, settings)
    var search = try OutreachSearch(self, outreach, settings)
    if let buyers = search.buyers {
      for id in buyers {
        let all = try stored { () throws(StorageError) in try store.together(id) }
        if let all { try search.look(at: all.state, all.members) }
      }
      return search.finish()
    }
    let walk = try stored { () throws(StorageError) in try store.walk(ofType: Vocabulary.customer) }
    while let (id, changes) = try stored({ () throws(StorageError) in try walk.next() }) {
      let state = Fold.state(of: id, changes)
      if state.linked.isEmpty {
        try search.look(at: state, [id])
      } else if let all = try stored({ () throws(StorageError) in try store.together(id) }),
        all.members[0] == id
      {
        try search.look(at: all.state, all.members)
      }
    }
    return search.finish()
  }

  private func check(_ outreach: Outreach, _ settings: Settings) throws(DeskError) {
    guard outreach.hasConditions else {
      throw .invalid("for whom is it? An outreach needs a fact, a purchase or a place")
    }
    guard outreach.subject.contains(where: { !$0.isWhitespace }),
      outreach.text.contains(where: { !$0.isWhitespace })
    else { throw .invalid("what is to be said? An outreach needs a subject and a message") }
    guard settings.purposes.contains(outreach.purpose) else {
      throw .invalid(
        "there is no purpose '\(outreach.purpose)' here, but \(settings.purposes.joined(separator: ", "))")
    }
    if let channel = outreach.channels.first(where: { !Vocabulary.channels.contains($0) }) {
      throw .invalid("there is no channel '\(channel)', but \(Vocabulary.channels.joined(separator: ", "))")
    }
    if let text = (outreach.purchases + outreach.places).first(where: { TextFolding.words($0).isEmpty }) {
      throw .invalid("'\(text)' has no letter or digit to look for")
    }
    if let text = outreach.facts.first(where: { FactKey.normal(String($0.prefix { $0 != "=" })).isEmpty }) {
      throw .invalid("'\(text)' names no fact")
    }
  }

  /// Opens a ticket for each recipient of a plan, with the message to the customer queued; on a spoken channel it says what
  /// to tell instead.
  ///
  /// Each ticket's id follows from the outreach and the customer. So two agents who do this offline edit the same tickets, with
  /// equal values, and of their messages only one goes out. What was interrupted is completed by planning and applying again.
  /// Cost: a write for every 500 tickets.
  /// - Returns: how many tickets were opened.
  @discardableResult
  public func apply(_ plan: OutreachPlan) throws(DeskError) -> Int {
    let outreach = plan.outreach
    var edits = [Edit(.entity(outreach.id), outreach.draft)]
    var opened = 0
    for recipient in plan.recipients {
      edits.append(Edit(.entity(recipient.ticket), ticket(of: outreach, recipient)))
      opened += 1
      guard edits.count >= 500 else { continue }
      try stored { () throws(StorageError) in _ = try store.commit(edits) }
      edits = []
    }
    if !edits.isEmpty { try stored { () throws(StorageError) in _ = try store.commit(edits) } }
    return opened
  }

  private func ticket(of outreach: Outreach, _ recipient: OutreachPlan.Recipient) -> Draft {
    let isSpoken = Self.spoken.contains(recipient.channel)
    var draft = Draft()
    draft.set = [
      "subject": JSONText(outreach.subject), "customer": JSONText(recipient.customer.description),
      "channel": JSONText(recipient.channel),
      // Somebody has to call; or the customer may answer.
      "status": JSONText(isSpoken ? "new" : "pending"),
      Vocabulary.outreachField: JSONText(outreach.id.description),
    ]
    for (field, value) in [
      ("topic", outreach.topic), ("team", outreach.team), ("priority", outreach.priority),
    ] {
      if let value { draft.set[ExactString(field)] = JSONText(value) }
    }
    guard !isSpoken else {
      draft.set["say"] = JSONText(recipient.text)
      return draft
    }
    var members = [
      ("kind", JSONText(Vocabulary.message)), ("channel", JSONText(recipient.channel)),
      ("direction", JSONText("out")), ("state", JSONText("queued")),
      (Vocabulary.outreachField.text, JSONText(outreach.id.description)),
    ]
    if outreach.purpose != Vocabulary.service { members.append(("purpose", JSONText(outreach.purpose))) }
    draft.log[Vocabulary.timeline] = JSONText(object: members + [("text", JSONText(recipient.text))])
    return draft
  }
}

extension [TicketPage.Entry] {
  /// Of several messages of one outreach, which agents wrote without knowing of each other, at most one goes out: one that
  /// is on its way or arrived; none where somebody took one back; else the first that did not fail. The others count as
  /// cancelled. Of entries that were made again twice one stays.
  mutating func cancelTwins() {
    dropCopies()
    var groups: [String: [Int]] = [:]
    for index in indices where self[index].entry.isMessageOut {
      guard let name = self[index].entry.outreach else { continue }
      groups[name, default: []].append(index)
    }
    for group in groups.values where group.count > 1 {
      let states = group.map { self[$0].state ?? "" }
      let isGone = states.contains { ["sending", "sent", "delivered", "cancelled"].contains($0) }
      let waiting = group.filter { ["queued", "held", "draft"].contains(self[$0].state ?? "") }
        .sorted {
          (self[$0].entry.effective, self[$0].entry.id) < (self[$1].entry.effective, self[$1].entry.id)
        }
      for index in isGone ? waiting[...] : waiting.dropFirst() { self[index].state = "cancelled" }
    }
  }
}
