import Agent
import Causality
import Codec
import Merge
import Storage

/// A ticket that nobody has, and where it would go.
public struct UnroutedTicket: Sendable, Hashable {
  /// The ticket, as lists show it.
  public let row: TicketRow
  /// The first rule that fits; nil where none does.
  public let rule: TriageRule?
}

extension Desk {
  /// Keeps a rule for the whole workspace. Two agents who write one rule offline have a conflict on it to settle; until
  /// then the later one counts.
  ///
  /// - Throws: `DeskError.invalid` for a rule without a name or team, or with a priority that there is not.
  @discardableResult
  public func setTriageRule(_ rule: TriageRule) throws(DeskError) -> Change? {
    try Self.check(rule)
    var draft = Draft()
    draft.set[ExactString(Vocabulary.triagePrefix + rule.name)] = rule.value
    return try configure(draft)
  }

  /// Refuses a rule that leads nowhere or can fit nothing.
  static func check(_ rule: TriageRule) throws(DeskError) {
    guard !rule.name.isEmpty, rule.name.utf8.count <= 100 else {
      throw .invalid("a rule needs a name of at most 100 bytes")
    }
    guard rule.team.contains(where: { !$0.isWhitespace }) else {
      throw .invalid("to which team does it lead?")
    }
    if let priority = rule.priority, !Vocabulary.priorities.contains(priority) {
      throw .invalid(
        "there is no priority '\(priority)', but \(Vocabulary.priorities.joined(separator: ", "))")
    }
    if let word = rule.words.first(where: { TextFolding.words($0).isEmpty }) {
      throw .invalid("'\(word)' has no letter or digit to look for")
    }
  }

  /// Takes a rule away. Where a colleague changes it at the same time, it stays.
  ///
  /// - Throws: `DeskError.notFound` for a rule that there is not.
  @discardableResult
  public func dropTriageRule(_ name: String) throws(DeskError) -> Change? {
    guard try settings().triageRules.contains(where: { $0.name == name }) else {
      throw .notFound("triage rule \(name)")
    }
    var draft = Draft()
    draft.clear.insert(ExactString(Vocabulary.triagePrefix + name))
    return try configure(draft)
  }

  /// The open tickets that have neither a team nor an agent, newest update first, each with the rule that fits it.
  ///
  /// Cost: a few columns of the ticket table and the rows of those tickets; a ticket or customer is read only where a
  /// rule asks for what the table does not have: words that are not in the subject, a tier, a place.
  public func triage(limit: Int = 50) throws(DeskError) -> (tickets: [UnroutedTicket], total: Int) {
    var filter = TicketFilter()
    (filter.team, filter.assignee) = ("", "")
    let found = try stored { () throws(StorageError) in try tickets(filter, limit: limit) }
    let settings = try settings()
    var routing = Routing(self, settings.triageRules, settings)
    var unrouted: [UnroutedTicket] = []
    for row in found.rows { unrouted.append(UnroutedTicket(row: row, rule: try routing.rule(for: row))) }
    return (unrouted, found.total)
  }

  /// Gives tickets the teams of their rules, and the priorities where they have none or a lower one.
  ///
  /// Two agents who do so at the same time write equal values, so there is one result and no conflict.
  /// Cost: one write for all of them, and the state of each.
  /// - Returns: for each ticket with a rule the change; nil where it was so already.
  @discardableResult
  public func route(_ tickets: [UnroutedTicket]) throws(DeskError) -> [EntityID: Change] {
    var made: [EntityID: Change] = [:]
    var edits: [Edit] = []
    func flush() throws(DeskError) {
      let changes = try stored { () throws(StorageError) in try store.commit(edits) }
      for case let change? in changes { made[change.on] = change }
      edits = []
    }
    for ticket in tickets {
      guard let rule = ticket.rule else { continue }
      var draft = Draft()
      draft.set["team"] = JSONText(rule.team)
      draft.set[Vocabulary.triaged] = JSONText(rule.name)
      if let priority = rule.priority, Self.rank(ticket.row.priority) < Self.rank(priority) {
        draft.set["priority"] = JSONText(priority)
      }
      edits.append(Edit(.entity(ticket.row.id), draft))
      if edits.count == 1000 { try flush() }
    }
    if !edits.isEmpty { try flush() }
    return made
  }

  private static func rank(_ priority: String) -> Int {
    priority.isEmpty ? -1 : Vocabulary.priorities.firstIndex(of: priority) ?? .max
  }
}

/// Finds the rule for one ticket after the other.
private struct Routing {
  private let desk: Desk
  private let rules: [Prepared]
  private let settings: Settings
  /// The customers that were read, for their next tickets.
  private var people: [EntityID: Person] = [:]
  private static let maximumPeople = 4096

  private struct Person {
    let state: EntityState
    let tiers: Set<String>
    let language: String
  }

  /// A rule with its values folded.
  private struct Prepared {
    let rule: TriageRule
    let topics: [String]
    let phrases: [WordPattern]
    let tiers: Set<String>
    let languages: [String]
    let places: [Place]

    init(_ rule: TriageRule) {
      self.rule = rule
      topics = rule.topics.map(TextFolding.line)
      phrases = rule.words.map { WordPattern($0) }
      tiers = Set(rule.tiers.map(TextFolding.line))
      languages = rule.languages.map { TextFolding.fold($0) }
      places = rule.places.map { Place($0) }
    }
  }

  init(_ desk: Desk, _ rules: [TriageRule], _ settings: Settings) {
    self.desk = desk
    self.rules = rules.map { Prepared($0) }
    self.settings = settings
  }

  mutating func rule(for row: TicketRow) throws(DeskError) -> TriageRule? {
    let (topic, subject) = (TextFolding.line(row.topic), TextFolding.words(row.subject))
    var said: [[String]]?
    for prepared in rules {
      let rule = prepared.rule
      if !rule.topics.isEmpty, !prepared.topics.contains(topic) { continue }
      if !rule.channels.isEmpty, !rule.channels.contains(row.channel) { continue }
      if !rule.tiers.isEmpty || !rule.languages.isEmpty || !rule.places.isEmpty {
        guard let customer = row.customer, let person = try person(customer), fits(prepared, person) else {
          continue
        }
      }
      if !rule.words.isEmpty, !prepared.phrases.contains(where: { $0.isIn(subject) }) {
        let texts: [[String]]
        if let said { texts = said } else { texts = try words(of: row) }
        said = texts
        guard prepared.phrases.contains(where: { texts.contains(where: $0.isIn) }) else { continue }
      }
      return rule
    }
    return nil
  }

  private func fits(_ prepared: Prepared, _ person: Person) -> Bool {
    let rule = prepared.rule
    if !rule.tiers.isEmpty, prepared.tiers.isDisjoint(with: person.tiers) { return false }
    if !rule.languages.isEmpty,
      !prepared.languages.contains(where: {
        person.language == $0 || person.language.hasPrefix($0 + "-") || person.language.hasPrefix($0 + "_")
      })
    {
      return false
    }
    return rule.places.isEmpty || prepared.places.contains { $0.contains(person.state) }
  }

  /// What the customer said in what a ticket shows, in words as they were corrected, without what is hidden.
  private func words(of row: TicketRow) throws(DeskError) -> [[String]] {
    let entries: [TicketPage.Entry]
    if row.hasParts {
      entries = try desk.page(row.id).entries
    } else {
      let state = try desk.known(row.id)
      entries = TicketPage.Entry.all(PlainLook(state).timeline, on: state)
    }
    let told = entries.filter { $0.entry.direction == "in" && $0.entry.isContact && $0.redacted == nil }
    return told.flatMap { item in
      let lines = item.entry.value["lines"]?.elements?.compactMap { $0["text"]?.string } ?? []
      return ([item.text] + lines).map { TextFolding.words($0) }
    }
  }

  private mutating func person(_ id: EntityID) throws(DeskError) -> Person? {
    if let known = people[id] { return known }
    let (desk, store) = (desk, desk.store)
    guard id.type == Vocabulary.customer else { return nil }
    let found = try desk.stored { () throws(StorageError) in try store.mergedState(of: id) }
    guard let state = found, !state.isErased else { return nil }
    let (organisations, consents) = try desk.stored { () throws(StorageError) in
      (try desk.organisations(of: state), try Consents(state, settings, in: store))
    }
    let now = desk.store.environment.now()
    let looks = [PlainLook(state)] + organisations.map { PlainLook($0.state) }
    let facts = looks.compactMap { $0.fact(Vocabulary.tier) }.filter { fact in
      fact.obstacle(for: Vocabulary.service, consents, now: now) == nil
    }
    let tiers = looks.compactMap { $0.state.text(ExactString(Vocabulary.tier)) } + facts.map(\.value.plain)
    let person = Person(
      state: state, tiers: Set((tiers + state.elements("tags")).map(TextFolding.line)),
      language: TextFolding.fold(state.text("language") ?? ""))
    if people.count >= Self.maximumPeople { people = [:] }
    people[id] = person
    return person
  }
}

extension TextFolding {
  /// The folded words with one space between each two: what two spellings of a name have in common.
  static func line(_ text: String) -> String { words(text).joined(separator: " ") }
}
