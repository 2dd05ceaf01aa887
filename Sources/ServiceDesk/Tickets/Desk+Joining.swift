import Agent
import Causality
import Codec
import Merge
import Storage

/// Twins, links, and tickets that hold two matters.
extension Desk {
  /// Makes two tickets one, whichever is named first. The one with the lesser id stays, so that two agents who do it
  /// at the same time, in either order, do the same; it shows both timelines, also what is added to the other one later.
  ///
  /// The one that stays gets the less finished status, the higher priority, the earlier due time, the tags and followers of both,
  /// the first owner, and whatever else it lacks.
  /// - Parameter anyway: also tickets of different customers.
  /// - Returns: nil where they are one already.
  @discardableResult
  public func merge(_ first: EntityID, _ second: EntityID, anyway: Bool = false) throws(DeskError) -> Change?
  {
    for ticket in [first, second] { try known(ticket, as: Vocabulary.ticket) }
    let ids = [try whole(first), try whole(second)].sorted()
    guard ids[0] != ids[1] else { return nil }
    let (stays, goes) = (try known(ids[0]), try known(ids[1]))
    guard !stays.isErased, !goes.isErased else { throw .invalid("an erased ticket cannot be merged") }
    if !anyway, try !isOnePerson(stays, goes) {
      throw .invalid("they are of different customers; merge those first if they are one person")
    }
    var part = Draft()
    part.set[Vocabulary.merged] = JSONText(ids[0].description)
    part.log[Vocabulary.timeline] = Self.event("merged", "became a part of \(shortID(ids[0]))")
    var whole = joined(stays, goes)
    // That it is a part of an erased ticket counts for nobody, but lists would go on taking it for one.
    whole.clear.insert(Vocabulary.merged)
    whole.log[Vocabulary.timeline] = Self.event(
      "merged", "took in \(shortID(ids[1]))", [("ticket", JSONText(ids[1].description))])
    let edits = [Edit(.entity(ids[1]), part), Edit(.entity(ids[0]), whole)]
    return try stored { () throws(StorageError) in try store.commit(edits) }[0]
  }

  /// Whether two tickets name one customer, by whichever profile of theirs, or one of them names none. Cost: both customers.
  private func isOnePerson(_ first: EntityState, _ second: EntityState) throws(DeskError) -> Bool {
    guard let one = first.text("customer"), let other = second.text("customer"), one != other else {
      return true
    }
    guard let id = EntityID(one), let profile = EntityID(other) else { return false }
    return try stored { () throws(StorageError) in try store.members(of: id).contains(profile) }
  }

  /// What the ticket that stays takes over from the other.
  private func joined(_ stays: EntityState, _ goes: EntityState) -> Draft {
    var draft = Draft()
    func rank(_ state: EntityState, _ field: ExactString, _ words: [String]) -> Int {
      state.text(field).flatMap { words.firstIndex(of: $0) } ?? -1
    }
    // The least finished of both, the more urgent of both.
    if rank(goes, "status", Vocabulary.statuses) < rank(stays, "status", Vocabulary.statuses) {
      draft.set["status"] = goes.text("status").map { JSONText($0) }
    }
    if rank(goes, "priority", Vocabulary.priorities) > rank(stays, "priority", Vocabulary.priorities) {
      draft.set["priority"] = goes.text("priority").map { JSONText($0) }
    }
    let times = [stays, goes].compactMap { $0.text("due").flatMap { HybridTime($0) } }
    if let due = times.min(), stays.text("due") != due.description {
      draft.set["due"] = JSONText(due.description)
    }
    if let other = goes.shown(Vocabulary.owner),
      stays.shown(Vocabulary.owner).map({ other.effective < $0.effective }) ?? true
    {
      draft.set[Vocabulary.owner] = other.value
    }
    for field: ExactString in ["customer", "assignee", "team", "topic", "channel", Vocabulary.solution]
    where stays.text(field)?.isEmpty != false {
      guard let value = goes.shown(field)?.value else { continue }
      // A ticket that was kept of an erased customer makes no other one theirs.
      if field == "customer", let id = EntityID(value.plain), store.isErased(id) { continue }
      draft.set[field] = value
    }
    for field in ["tags", Vocabulary.followers] {
      let elements = goes.elements(field)
      if !elements.isEmpty { draft.add[field] = elements.map { ExactString($0) } }
    }
    return draft
  }

  /// Takes a merge back: the ticket stands for itself again, with what was added to it in the meantime. What the other
  /// one took over stays there.
  ///
  /// - Returns: nil where it is no part of another one.
  /// - Throws: `DeskError.invalid` where others are parts of it: of those, one has to be named.
  @discardableResult
  public func unmerge(_ part: EntityID) throws(DeskError) -> Change? {
    guard let other = try known(part).mergedInto else {
      guard let first = try parts(of: part).first else { return nil }
      throw .invalid(
        "\(shortID(part)) is the ticket that stayed; name the one that became a part of it, such as \(shortID(first))"
      )
    }
    var draft = Draft()
    draft.clear.insert(Vocabulary.merged)
    draft.log[Vocabulary.timeline] = Self.event("unmerged", "stands for itself again")
    var rest = Draft()
    rest.log[Vocabulary.timeline] = Self.event(
      "unmerged", "gave back \(shortID(part))", [("ticket", JSONText(part.description))])
    var edits = [Edit(.entity(part), draft)]
    // Nothing can be written on what was erased.
    if !store.isErased(other) { edits.append(Edit(.entity(other), rest)) }
    return try stored { () throws(StorageError) in try store.commit(edits) }[0]
  }

  /// Links two tickets, on both, or takes a link away.
  ///
  /// - Parameter relation: what the second is to the first: one of `Vocabulary.relations`.
  /// - Throws: `DeskError.invalid` for a link that says the opposite of one that is there, on any of the tickets that are one with
  ///   either.
  @discardableResult
  public func link(
    _ first: EntityID, _ second: EntityID, as relation: String, undoing: Bool = false
  ) throws(DeskError) -> Change? {
    guard let words = Vocabulary.relations.first(where: { $0.name == relation }) else {
      throw .invalid("there is no relation '\(relation)'")
    }
    guard first != second else { throw .invalid("a ticket is not linked to itself") }
    if !undoing, words.name != words.other, try isLinked(first, second, as: words.other) {
      throw .invalid(
        "\(shortID(second)) is the \(words.other) of \(shortID(first)) already, so it is not the \(words.name) too; "
          + "'askonce ticket unlink' takes that away")
    }
    let pairs = [(first, "\(words.name) \(second)"), (second, "\(words.other) \(first)")]
    var edits: [Edit] = []
    for (id, element) in pairs {
      _ = try known(id)
      var draft = Draft()
      if undoing {
        draft.drop[Vocabulary.links] = [ExactString(element)]
      } else {
        draft.add[Vocabulary.links] = [ExactString(element)]
      }
      edits.append(Edit(.entity(id), draft))
    }
    let made = try stored { () throws(StorageError) in try store.commit(edits) }
    return made[0] ?? made[1]
  }

  /// Whether a ticket or one that is one with it is linked to another one or to one that is one with that: their page says it.
  private func isLinked(
    _ first: EntityID, _ second: EntityID, as relation: String
  ) throws(DeskError) -> Bool {
    let others = try members(of: second)
    for from in try members(of: first) {
      for to in others where try relations(of: from, to: to).contains(relation) { return true }
    }
    return false
  }

  /// What a ticket is to another one, as the links on either of them say, ordered. Cost: both tickets.
  public func relations(of first: EntityID, to second: EntityID) throws(DeskError) -> [String] {
    func linked(_ from: EntityID, _ to: EntityID) throws(DeskError) -> [String] {
      try known(from).elements(Vocabulary.links).compactMap(TicketLink.init).filter { $0.ticket == to }
        .map(\.relation)
    }
    let back = Set(try linked(second, first))
    let others = Vocabulary.relations.filter { back.contains($0.other) }.map(\.name)
    return Set(try linked(first, second) + others).sorted()
  }

  /// Opens a ticket for a second matter, with some entries of the first one, which then no longer shows them.
  ///
  /// Customer, of a part that names none the whole's, channel, team and priority come along. The entries stay where they were
  /// written; the new ticket names them, and one that they had gone to before names them no more. The first one's timeline tells that
  /// some went, which is how its row of the table comes to know.
  /// - Parameter entries: entries of the ticket's own timeline.
  /// - Returns: the change; its `on` is the new ticket.
  /// - Throws: `DeskError.invalid` for entries of others, and where the customer was erased.
  @discardableResult
  public func split(
    _ ticket: EntityID, subject: String, entries: [ChangeID]
  ) throws(DeskError) -> Change? {
    let state = try known(ticket, as: Vocabulary.ticket)
    let own = Set(PlainLook(state).timeline.map(\.id))
    guard !entries.isEmpty, entries.allSatisfy(own.contains) else {
      throw .invalid("which entries? Some of \(shortID(ticket))'s own timeline have to come along")
    }
    let gone = state.withCopies(of: entries)
    var draft = Draft()
    for field: ExactString in ["customer", "channel", "team", "priority"] {
      if let value = state.shown(field)?.value { draft.set[field] = value }
    }
    let customer = try stored { () throws(StorageError) in try Self.customer(of: state, in: store) }
    try refuseErased(customer)
    if let customer { draft.set["customer"] = JSONText(customer.description) }
    draft.set["subject"] = JSONText(subject)
    draft.set["status"] = JSONText("new")
    let copies = gone.subtracting(entries).sorted()
    draft.set[Vocabulary.split] = Self.split(from: ticket, entries + copies)
    var told = Draft()
    // Without naming the new one, which has another id where an import brings both into another workspace.
    told.log[Vocabulary.timeline] = Self.event(
      Vocabulary.split.text,
      entries.count == 1
        ? "1 entry went to a ticket of its own" : "\(entries.count) entries went to a ticket of their own")
    var edits = [Edit(.new(type: Vocabulary.ticket), draft), Edit(.entity(ticket), told)]
    for other in try split(from: ticket) where !other.splitEntries.isDisjoint(with: gone) {
      var rest = Draft()
      rest.set[Vocabulary.split] = Self.split(
        from: ticket, other.splitEntries.subtracting(gone).sorted())
      edits.append(Edit(.entity(other.id), rest))
    }
    let made = edits
    return try stored { () throws(StorageError) in try store.commit(made) }[0]
  }

  private static func split(from ticket: EntityID, _ entries: [ChangeID]) -> JSONText {
    JSONText(object: [
      ("from", JSONText(ticket.description)),
      ("entries", JSONText(array: entries.map { JSONText($0.description) })),
    ])
  }
}
