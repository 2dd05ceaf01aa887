import Agent
import Causality
import Codec
import Merge
import Storage

extension Desk {
  /// The ticket that a ticket is now a part of; itself where it was not merged. Cost: a fold for each step.
  ///
  /// A ticket is only ever merged into one with a lesser id, so this ends. A part of an erased ticket stands for itself: it
  /// belongs to somebody else.
  public func whole(_ ticket: EntityID) throws(DeskError) -> EntityID {
    guard ticket.type == Vocabulary.ticket else { return ticket }
    guard let top = try stored({ () throws(StorageError) in try top(ticket) }) else {
      throw .notFound(ticket.description)
    }
    return top.id
  }

  /// The state of the ticket that a ticket is now a part of, by itself; its own where it is of none. Cost: a fold for each step.
  package func top(_ ticket: EntityID) throws(StorageError) -> EntityState? {
    var state = try store.state(of: ticket)
    while let part = state, let whole = try store.whole(above: part) { state = whole }
    return state
  }

  /// The tickets that were merged into one, directly or through others, ordered; of an erased one none.
  public func parts(of ticket: EntityID) throws(DeskError) -> [EntityID] {
    try stored { () throws(StorageError) in try parts(below: ticket) }
  }

  /// As `parts(of:)`; of what is no ticket none.
  func parts(below ticket: EntityID) throws(StorageError) -> [EntityID] {
    if ticket.type != Vocabulary.ticket || store.isErased(ticket) { return [] }
    var found: Set<EntityID> = []
    var waiting = [ticket]
    while let next = waiting.popLast() {
      let candidates = try reading { () throws(StorageError) in
        try tables.entities(.merged(next.description))
      }
      for id in candidates where id.type == Vocabulary.ticket && !found.contains(id) {
        guard try store.state(of: id)?.mergedInto == next else { continue }
        found.insert(id)
        waiting.append(id)
      }
    }
    return found.sorted()
  }

  /// The tickets that are one with a ticket: the one that stays, then its parts.
  public func members(of ticket: EntityID) throws(DeskError) -> [EntityID] {
    let whole = try whole(ticket)
    return try [whole] + parts(of: whole)
  }

  /// A ticket with everything that belongs to it; for a part of another one, that one.
  ///
  /// Cost: the ticket, its parts, the tickets that were split from it or that it was split from, and its promises, of which
  /// those that were kept are folded; where messages wait or did not go out, as `holdFromOthers`.
  public func page(_ ticket: EntityID) throws(DeskError) -> TicketPage {
    let id = try whole(ticket)
    let parts = try parts(of: id).map { (id) throws(DeskError) in try self.view(id) }
    let alone = try self.view(id)
    let speaking = try speaking(parts.map(\.state), for: alone.state)
    let view = TicketView(
      id: id, state: alone.state.answering(with: speaking), customerName: alone.customerName)
    let shown = try shownEntries(of: ([view] + parts).map(\.state))
    var states: [EntityID: EntityState] = [:]
    var entries: [TicketPage.Entry] = []
    for (state, timeline) in shown.timelines {
      states[state.id] = state
      entries += TicketPage.Entry.all(timeline, on: state)
    }
    entries.sort { ($0.entry.happened, $0.entry.id) < ($1.entry.happened, $1.entry.id) }
    entries.cancelTwins()
    entries.holdBack(originals: try originals(of: entries, in: states)) {
      states[$0.on]?.outcomes(of: $0.entry.id) ?? []
    }
    try holdFromOthers(&entries, of: [view] + parts)
    var filter = PromiseFilter()
    filter.includesSettled = true
    filter.ticket = id
    let promises = try self.promises(filter, limit: .max).rows
    var kept: [Head] = []
    for promise in promises where promise.state == "kept" {
      if let head = try known(promise.id).shown("state") { kept.append(head) }
    }
    let links = ([view] + parts).flatMap { $0.state.elements(Vocabulary.links).compactMap(TicketLink.init) }
    return TicketPage(
      view: view, parts: parts, entries: entries, splitFrom: view.state.splitSource,
      splitInto: shown.splitInto.sorted(), links: links, promises: promises,
      care: CareStep.derive(view, entries, kept: kept))
  }

  /// What is known of an entity, of a ticket with the facts of its parts: whichever of them is named, the answers are the same.
  ///
  /// Cost: the entity; of a ticket its parts, and its customer where they have facts.
  func answering(_ id: EntityID) throws(DeskError) -> EntityState {
    guard id.type == Vocabulary.ticket else { return try known(id) }
    let state = try known(try whole(id))
    return state.answering(with: try speakingParts(of: state))
  }

  /// The parts of a ticket whose facts are answers of the ticket's too, ordered.
  func speakingParts(of whole: EntityState) throws(DeskError) -> [EntityState] {
    let parts = try parts(of: whole.id).map { (id) throws(DeskError) in try known(id) }
    return try speaking(parts, for: whole)
  }

  /// Of some parts of a ticket those with facts, which are for the customer for whom the ticket is. What another customer said is
  /// no answer of this one's, and only that one's consents tell whether it may be used; of one who was erased it never may.
  private func speaking(
    _ parts: [EntityState], for whole: EntityState
  ) throws(DeskError) -> [EntityState] {
    let telling = parts.filter { part in
      part.registers.keys.contains { $0.text.hasPrefix(Vocabulary.factPrefix) }
    }
    guard !telling.isEmpty else { return [] }
    return try stored { () throws(StorageError) in
      let customer = try Self.customer(of: whole, in: store)
      let profiles = try customer.map { (id) throws(StorageError) in try store.members(of: id) + [id] } ?? []
      var speaking: [EntityState] = []
      for part in telling {
        let other = try Self.customer(of: part, in: store)
        if other.map(profiles.contains) ?? true { speaking.append(part) }
      }
      return speaking
    }
  }

  private func view(_ id: EntityID) throws(DeskError) -> TicketView {
    guard let view = try stored({ () throws(StorageError) in try ticket(id) }) else {
      throw .notFound(id.description)
    }
    return view
  }

  /// The ticket that one was split from; nil where it is not here: an import brings the field as it was in another workspace,
  /// whose ids name nothing.
  func splitSource(of state: EntityState) throws(DeskError) -> EntityState? {
    guard let source = state.splitSource else { return nil }
    return try stored { () throws(StorageError) in try store.state(of: source) }
  }

  /// The tickets that were split from one.
  func split(from ticket: EntityID) throws(DeskError) -> [EntityState] {
    let candidates = try stored { () throws(StorageError) in
      try reading { () throws(StorageError) in try tables.entities(.split(ticket.description)) }
    }
    var found: [EntityState] = []
    for id in candidates where id.type == Vocabulary.ticket {
      let state = try known(id)
      if state.splitSource == ticket { found.append(state) }
    }
    return found
  }
}

extension EntityID {
  /// Whether another ticket can be a part of this one: a merge counts towards a lesser id only, so that nothing goes in circles.
  func canTakeIn(_ part: EntityID) -> Bool { type == part.type && self < part }
}

extension Store {
  /// The ticket that one is a part of now, by itself; nil where it stands for itself. All who go from a part to its whole go so:
  /// nobody follows a merge into what was erased, or into what is not here. Cost: a fold.
  func whole(above part: EntityState) throws(StorageError) -> EntityState? {
    guard part.id.type == Vocabulary.ticket, let whole = part.mergedInto, !isErased(whole) else { return nil }
    return try state(of: whole)
  }
}

extension EntityState {
  /// A ticket's state with the facts of its parts under keys of which it has none itself. Where several parts say something
  /// under one key, none of them is right because of its id: all that they say is there, as if it was written at the same time.
  fileprivate func answering(with parts: [EntityState]) -> EntityState {
    var state = self
    for part in parts {
      for field in part.registers.keys.sorted() where field.text.hasPrefix(Vocabulary.factPrefix) {
        let key = String(field.text.dropFirst(Vocabulary.factPrefix.count))
        guard let register = part.registers[field], registers[FactKey.register(key, of: self)] == nil else {
          continue
        }
        let same = FactKey.register(key, of: state)
        if let present = state.registers[same] {
          state = state.keeping((present.heads + register.heads).sorted { $0.id < $1.id }, of: same)
        } else {
          state = state.adding([field: register])
        }
      }
    }
    return state
  }

  /// The ticket that this one is a part of.
  var mergedInto: EntityID? {
    text(Vocabulary.merged).flatMap { EntityID($0) }.flatMap { $0.canTakeIn(id) ? $0 : nil }
  }

  /// The ticket that this one was split from.
  var splitSource: EntityID? {
    shown(Vocabulary.split)?.value["from"]?.string.flatMap { EntityID($0) }
  }

  /// The entries of that ticket that came along.
  var splitEntries: Set<ChangeID> {
    Set(
      shown(Vocabulary.split)?.value["entries"]?.elements?.compactMap { $0.string.flatMap { ChangeID($0) } }
        ?? [])
  }
}
