import Agent
import Causality
import Codec
import Merge
import Storage

/// Gathers what the rules about an entity look at: its changes, and those of what it has to do with.
///
/// Cost: the entity's members in the runs; the customer's where an answer rests on facts or a consent was withdrawn, and those
/// of promises, twins and tickets that were merged into it where there are some.
struct CaseReader {
  let desk: Desk
  /// Cases are as they were then; nil for now.
  private let moment: StoreMoment?
  /// Customers that were read ahead, in the order in which they lie.
  private var customers: [EntityID: EntityHistory] = [:]
  /// Customers of whom more than the name counts for any of their tickets: who withdrew a consent, or are shown as one with
  /// others. nil where few are asked about, each by itself.
  private let telling: Set<EntityID>?
  /// The customers who may have a twin that an entry is about; nil for all. The others share what they are reached by with
  /// nobody who came or changed of late, and have no such entry.
  var twinned: Set<EntityID>?

  /// A reader for many cases. Cost: the customers who ever withdrew a consent or were merged.
  init(desk: Desk, asOf moment: StoreMoment? = nil) throws(StorageError) {
    self.desk = desk
    self.moment = moment
    telling = Set(try desk.tables.entities([.withdrew, .linked]).joined())
  }

  /// A reader for a single case. Cost: nothing.
  init(forOneOf desk: Desk) {
    self.desk = desk
    moment = nil
    telling = nil
  }

  /// Whether more than the name of a customer counts. Cost: where not all such are known, the customer.
  private func isTelling(_ customer: EntityID) throws(StorageError) -> Bool {
    if let telling { return telling.contains(customer) }
    return try desk.store.changes(of: customer).contains { placed in
      [BodyWords.withdrawn, BodyWords.same].contains { placed.change.body.contains(word: $0) }
    }
  }

  /// Reads ahead what many questions will need, so that each part of the runs is read once.
  ///
  /// - Parameters:
  ///   - owners: ordered.
  ///   - resting: tickets with answers that rest on facts.
  mutating func prepare(for owners: [EntityID], resting: Set<EntityID>) throws(StorageError) {
    var wanted: Set<EntityID> = []
    for ticket in owners where ticket.type == Vocabulary.ticket {
      guard let customer = Self.customer(try desk.tables.value("customer", of: ticket)?.text) else {
        continue
      }
      if try resting.contains(ticket) ? true : isTelling(customer) { wanted.insert(customer) }
    }
    var found: [EntityID: EntityHistory] = [:]
    try desk.store.forEachBatch(of: wanted.sorted()) { (customers) throws(StorageError) in
      let told = try customers.map { (id) throws(StorageError) in try read(id) }
      for (id, history) in zip(customers, SideBySide.each(told) { $0?.history }) { found[id] = history }
    }
    customers = found
  }

  /// The customer that a field names.
  private static func customer(_ text: String?) -> EntityID? {
    text.flatMap { EntityID($0) }.flatMap { $0.type == Vocabulary.customer ? $0 : nil }
  }

  /// The entries about an entity; none where nothing of it is known, and for one that is shown as one with others those of
  /// all at the first of them.
  func conflicts(of id: EntityID) throws(StorageError) -> [Conflict] { try conflicts(of: [id])[0] }

  /// The entries about each of some entities, in their order.
  ///
  /// - Parameter owners: ordered.
  func conflicts(of owners: [EntityID]) throws(StorageError) -> [[Conflict]] {
    var found: [[Conflict]] = []
    try desk.store.forEachBatch(of: owners) { (owners) throws(StorageError) in
      let told = try owners.map { (id) throws(StorageError) in try read(id) }
      let cases = SideBySide.each(Array(zip(owners, told))) { id, told -> Case? in
        guard let history = told?.history, history.id == id, let state = history.state() else { return nil }
        return Case(history, state)
      }
      let around = try cases.map { (subject) throws(StorageError) in try subject.map(surroundings) }
      try desk.store.readAhead(Set(around.compactMap(\.self).flatMap(\.unread)).sorted())
      var drafts: [Draft] = []
      for (subject, around) in zip(cases, around) { drafts.append(try draft(subject, around)) }
      found += SideBySide.each(drafts) { $0.conflicts() }
    }
    return found
  }

  /// That with which an entity has to do.
  private struct Surroundings {
    /// The customer where more than the name of that counts.
    var customer: EntityID?
    /// The customer where that was read ahead.
    var known: EntityHistory?
    var customerName: String?
    var promises: [EntityID] = []
    var others: Set<EntityID> = []
    /// Whether it is a part of another ticket, which is not erased.
    var isPart = false
    /// The tickets that were ever merged into it, directly or through others.
    var parts: Set<EntityID> = []

    var unread: [EntityID] { (known == nil ? [customer].compactMap(\.self) : []) + promises + others + parts }
  }

  /// A case before the histories of what it has to do with are made. Pure.
  private struct Draft: Sendable {
    let subject: Case?
    var customer: ToldChanges?
    var known: EntityHistory?
    var customerName: String?
    var promises: [ToldChanges] = []
    var others: [ToldChanges] = []
    var isPart = false
    var parts: [ToldChanges] = []

    func conflicts() -> [Conflict] {
      guard var subject else { return [] }
      if subject.type == Vocabulary.customer {
        subject.customer = subject.owner
        subject.customerName = subject.state.text("name")
      } else if let customer = known ?? customer?.history {
        subject.customer = customer
        subject.customerName = customer.state()?.text("name")
      } else {
        subject.customerName = customerName
      }
      subject.promises = promises.map(\.history)
      subject.others = others.map(\.history)
      subject.isPart = isPart
      subject.take(
        parts: parts.map(\.history).compactMap { history in history.state().map { Case(history, $0) } })
      return ConflictFinder(subject).all()
    }
  }

  private func surroundings(_ subject: Case) throws(StorageError) -> Surroundings {
    let (id, state, members) = (subject.owner.id, subject.state, subject.owner.members)
    var around = Surroundings()
    if id.type != Vocabulary.customer, let customer = Self.customer(state.text("customer")) {
      if try subject.restsOnFacts ? true : isTelling(customer) {
        around.customer = customer
        around.known = customers[customer]
      } else if let name = try desk.tables.value("name", of: customer)?.text, !name.isEmpty {
        around.customerName = name
      }
    }
    if id.type == Vocabulary.ticket || id.type == Vocabulary.customer {
      around.isPart = try isPart(state)
      if id.type == Vocabulary.ticket, !around.isPart, !state.isErased {
        around.parts = try everMerged(into: id)
      }
      let terms = (members + around.parts).map {
        id.type == Vocabulary.ticket ? Term.ticket($0.description) : .customer($0.description)
      }
      let found = Set(try desk.tables.entities(terms).joined())
      around.promises = found.filter { $0.type == Vocabulary.promise }.sorted()
    }
    around.others = Situations.mergeTargets(state).filter { $0.type == id.type && !members.contains($0) }
    if id.type == Vocabulary.customer, twinned?.contains(id) != false {
      let made = subject.owner.steps.map(\.placed).filter(\.change.creates)
      let twins = try Twins(desk.store, desk.tables).all(Twins.contacts(of: state), made: made)
      around.others.formUnion(twins.filter { !members.contains($0) })
    }
    return around
  }

  /// Whether a ticket is a part of another one, or was then.
  private func isPart(_ state: EntityState) throws(StorageError) -> Bool {
    guard moment != nil else { return try desk.store.whole(above: state) != nil }
    guard let whole = try state.mergedInto.flatMap(alone) else { return false }
    return !whole.history.isErased
  }

  /// The tickets that were merged into one at any time, directly or through others. Cost: a page or two for each of them.
  private func everMerged(into ticket: EntityID) throws(StorageError) -> Set<EntityID> {
    var found: Set<EntityID> = []
    var waiting = [ticket]
    while let next = waiting.popLast() {
      for id in try desk.tables.entities(.merged(next.description))
      where id.type == Vocabulary.ticket && id != ticket && found.insert(id).inserted { waiting.append(id) }
    }
    return found
  }

  private func draft(_ subject: Case?, _ around: Surroundings?) throws(StorageError) -> Draft {
    var draft = Draft(subject: subject, known: around?.known, customerName: around?.customerName)
    guard let around else { return draft }
    draft.isPart = around.isPart
    if draft.known == nil, let customer = around.customer { draft.customer = try read(customer) }
    for promise in around.promises { if let told = try alone(promise) { draft.promises.append(told) } }
    for other in around.others.sorted() { if let told = try alone(other) { draft.others.append(told) } }
    for part in around.parts.sorted() { if let told = try alone(part) { draft.parts.append(told) } }
    return draft
  }

  private func alone(_ id: EntityID) throws(StorageError) -> ToldChanges? {
    let changes = try desk.store.changes(of: id)
    return changes.isEmpty ? nil : then(ToldChanges(members: [id], changes: changes))
  }

  private func read(_ id: EntityID) throws(StorageError) -> ToldChanges? {
    try desk.told(of: id).flatMap(then)
  }

  private func then(_ told: ToldChanges) -> ToldChanges? { moment.map(told.asOf) ?? told }

  /// The customers who may be a customer's twin now, or not any more; nil where its news are of nothing that tells twins.
  ///
  /// - Parameter arriving: how many may have come just now of those that share something.
  private func twins(
    _ id: EntityID, _ state: EntityState, _ news: [PlacedChange], arriving: Int
  ) throws(StorageError) -> [EntityID]? {
    guard id.type == Vocabulary.customer else { return nil }
    let made = news.filter(\.change.creates)
    let isTelling = news.contains { placed in
      BodyWords.twins.contains { placed.change.body.contains(word: $0) }
    }
    guard isTelling || !made.isEmpty else { return nil }
    // Who had something for a moment counts for how many share it.
    let contacts = Twins.contacts(of: state).union(news.flatMap { InboxSurvey.contacts(addedBy: $0.change) })
    return try Twins(desk.store, desk.tables).touched(id, contacts, made: made, arriving: arriving)
  }

  /// The entities whose entries may be others now that an entity changed: itself, and those that look at it.
  ///
  /// - Parameters:
  ///   - news: what of its changes is new.
  ///   - count: how many entities have news: with these a contact point may have become one that many share.
  ///   - twinned: gets those who may have a twin now, or have none any more.
  ///
  /// Cost: the entity; of a customer the tickets, where the news may cross what those hold, and all that names the customer where they
  /// say who that is.
  func owners(
    touchedBy id: EntityID, _ news: [PlacedChange], of count: Int, twinned: inout Set<EntityID>
  ) throws(StorageError) -> Set<EntityID> {
    var owners: Set<EntityID> = [id]
    guard let state = try desk.store.state(of: id) else { return owners }
    owners.formUnion(Situations.mergeTargets(state).filter { $0.type == id.type })
    if let twins = try twins(id, state, news, arriving: count) {
      twinned.formUnion([id] + twins)
      owners.formUnion(twins)
    }
    let profiles = try tied(id, news)
    owners.formUnion(profiles)
    switch id.type {
    case Vocabulary.promise:
      for field in ["ticket", "customer"] as [ExactString] {
        owners.formUnion((state.registers[field]?.heads ?? []).compactMap { EntityID($0.value.plain) })
      }
      for ticket in owners where ticket.type == Vocabulary.ticket {
        owners.formUnion(try desk.wholes(of: ticket, before: []))
      }
    case Vocabulary.ticket:
      owners.formUnion(try desk.wholes(of: id, before: news))
      // What was a part of it stands for itself from now on.
      if state.isErased { owners.formUnion(try desk.tables.entities(.merged(id.description))) }
    case Vocabulary.customer:
      // What its tickets' rules read of it; the name, because sentences have it in them.
      let isRead = news.contains { placed in
        [BodyWords.consent, BodyWords.fact, BodyWords.name, BodyWords.erase, BodyWords.same].contains {
          placed.change.body.contains(word: $0)
        }
      }
      if isRead {
        // An answer in the runs was known to whoever had merged those, so nothing crosses it.
        let isCrossing = profiles.count > 1 || !news.allSatisfy(isBehindRuns)
        // Who the customer is, is told of whatever names the customer; what they said crosses what was said on tickets.
        let isNaming = profiles.count > 1 || news.contains(where: Self.isNaming)
        for named in try desk.tables.entities(profiles.map { .customer($0.description) }) {
          owners.formUnion(
            named.filter {
              (isNaming || $0.type == Vocabulary.ticket)
                && (isCrossing || !(desk.store.newer[$0] ?? []).isEmpty)
            })
        }
      }
    default: break
    }
    return owners
  }

  /// Whether news are about facts or consents alone, of an author who had merged all that is in the runs.
  private func isBehindRuns(_ placed: PlacedChange) -> Bool {
    placed.seen >= desk.store.runs.last && !placed.isClamped && !Self.isNaming(placed)
  }

  /// Whether a change says who a customer is.
  private static func isNaming(_ placed: PlacedChange) -> Bool {
    [BodyWords.name, BodyWords.erase, BodyWords.same].contains { placed.change.body.contains(word: $0) }
  }

  /// An entity with all that it is shown as one with, or was before the news.
  private func tied(_ id: EntityID, _ news: [PlacedChange]) throws(StorageError) -> Set<EntityID> {
    var named: Set<EntityID> = [id]
    for placed in news where placed.change.body.contains(word: BodyWords.same) {
      Ties.operations(of: placed) { operation in
        switch operation {
        case .add(Links.same, let element), .drop(Links.same, let element, _):
          if let other = EntityID(element.text), other.type == id.type { named.insert(other) }
        default: break
        }
      }
    }
    if news.contains(where: { $0.change.body.contains(word: BodyWords.erase) }) {
      // What was erased does not tell any more what it was tied to.
      for other in try desk.tables.entities(.linked) where other.type == id.type {
        if try desk.store.state(of: other)?.linked.contains(id) == true { named.insert(other) }
      }
    }
    var found = named
    for name in named { found.formUnion(try desk.store.members(of: name)) }
    return found
  }
}
