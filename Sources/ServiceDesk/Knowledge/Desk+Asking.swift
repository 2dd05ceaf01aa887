import Agent
import Causality
import Codec
import Merge
import Storage

/// The ask-once guard: looks before a customer is asked.
extension Desk {
  /// What is known of a customer under some keys, in their order.
  ///
  /// A ticket's own facts come first, then those of its parts that are the same customer's, then the customer's, then the profile
  /// (name, phone, e-mail, address, language), then what the customer's organisations share, which the answer says.
  /// Cost: the customer, the ticket, the settings and the customer's organisations.
  /// - Parameters:
  ///   - purpose: what the answer is to be used for.
  ///   - ticket: the ticket at hand.
  public func answers(
    _ customer: EntityID, _ keys: [String], for purpose: String = Vocabulary.service, ticket: EntityID? = nil
  ) throws(DeskError) -> [Answer] {
    let settings = try settings()
    let state = try answering(customer)
    let own: PlainLook? = if let ticket { PlainLook(try answering(ticket)) } else { nil }
    let shared = try stored { () throws(StorageError) in try organisations(of: state) }
    let asking = Asking(
      customer: PlainLook(state), ticket: own, shared: shared, settings: settings,
      consents: try consents(for: state), purpose: purpose, now: store.environment.now())
    return try stored { () throws(StorageError) in
      try keys.map { (key) throws(StorageError) in
        try asking.answer(key) { () throws(StorageError) in try told(of: customer)?.changes ?? [] }
      }
    }
  }

  /// Records what became of questions: what was known is spared, or asked again where there is a reason; what people
  /// disagree about is confirmed; everything else is asked.
  ///
  /// - Throws: `DeskError.invalid` for what is no customer, `.notFound` where nothing is known of it.
  @discardableResult
  public func logQuestions(
    _ answers: [Answer], of customer: EntityID, ticket: EntityID? = nil, channel: String? = nil,
    because reason: String? = nil
  ) throws(DeskError) -> Change? {
    try self.known(customer, as: Vocabulary.customer)
    func keys(_ test: (Answer.State) -> Bool) -> [String] {
      answers.filter { test($0.state) }.map { FactKey.normal($0.key) }
    }
    let known = keys { $0 == .known }
    let entry = QuestionEntry.value(
      spared: reason == nil ? known : [], asked: keys { $0.code == 3 || $0.code == 4 },
      confirmed: keys { $0 == .conflict }, again: reason == nil ? [] : known,
      because: known.isEmpty ? nil : reason, channel: channel, ticket: ticket)
    var draft = Draft()
    draft.log[Vocabulary.questions] = entry
    return try commit(Edit(.entity(customer), draft))
  }

  /// The questions of a process on a ticket.
  public struct Checklist: Sendable, Hashable {
    /// The process whose checklist it is.
    public let process: String
    /// The ticket at hand.
    public let ticket: EntityID
    /// The ticket's customer; nil where it has none.
    public let customer: EntityID?
    /// One for each key that the process needs.
    public let answers: [Answer]

    /// What is known and usable, so that nobody asks.
    public var known: [Answer] { answers.filter { $0.state == .known } }
    /// People disagree, or it held for a while only: to be read out and confirmed.
    public var toConfirm: [Answer] { answers.filter { $0.state == .conflict || $0.state == .expired } }
    /// What has to be asked.
    public var toAsk: [Answer] {
      answers.filter { ![.known, .conflict, .expired].contains($0.state) }
    }
  }

  /// What a process needs to know for a ticket: known, to confirm, to ask.
  ///
  /// - Throws: `DeskError.notFound` for a process without a checklist.
  public func checklist(_ ticket: EntityID, for process: String) throws(DeskError) -> Checklist {
    guard let keys = try settings().checklist(process) else { throw .notFound(process) }
    let ticket = try whole(ticket)
    let customer = try known(ticket).text("customer").flatMap { EntityID($0) }
    let answers = try answers(customer ?? ticket, keys, ticket: ticket)
    return Checklist(process: process, ticket: ticket, customer: customer, answers: answers)
  }
}

/// Answers questions from what was folded.
private struct Asking {
  let customer: PlainLook
  let ticket: PlainLook?
  /// The customer's organisations.
  let shared: [OrganisationView]
  let settings: Settings
  let consents: Consents
  let purpose: String
  let now: UInt64

  func answer(
    _ key: String, _ changes: () throws(StorageError) -> [PlacedChange]
  ) throws(StorageError) -> Answer {
    let normal = FactKey.normal(key)
    let facts = [ticket, customer].compactMap { look in
      look?.field(FactKey.register(key, of: look?.state)).map { FactView($0) }
    }
    if let fact = facts.first { return answer(key, fact) }
    var unusable: Answer?
    if let profile = FactKey.profile(normal) {
      let values = try values(profile, changes)
      let obstacle = obstacle(to: profile)
      if !values.isEmpty, obstacle == nil {
        let isConflict = values.count > 1 && isSingle(profile)
        return make(key, isConflict ? .conflict : .known, values)
      }
      if !values.isEmpty { unusable = make(key, obstacle == .withdrawn ? .withdrawn : .purpose, []) }
    }
    if let answer = sharedAnswer(key), unusable == nil || answer.state.code != 4 { return answer }
    if let unusable { return unusable }
    return make(key, settings.secrets.reason(key: key) == nil ? .unknown : .secret, [])
  }

  /// What stands in the way of using a part of the profile. It is for service; what reaches the customer is for contact, too.
  private func obstacle(to profile: FactKey.Profile) -> FactView.Obstacle? {
    let isOwn = purpose == Vocabulary.service || purpose == Vocabulary.contact && profile.reaches
    guard consents.allows(isOwn ? purpose : Vocabulary.service) else { return .withdrawn }
    return isOwn ? nil : .purpose
  }

  /// What the customer's organisations say; nil where they say nothing. Two that say different things are to be confirmed.
  private func sharedAnswer(_ key: String) -> Answer? {
    var usable: [Answer.Value] = []
    var hidden: FactView.Obstacle?
    var unusable: Answer?
    for organisation in shared {
      let register = FactKey.register(key, of: organisation.state)
      guard let fact = organisation.field(register).map({ FactView($0) }) else { continue }
      let telling = fact.telling(for: purpose, consents, now: now)
      if telling.usable != nil { hidden = hidden ?? telling.hidden }
      for one in telling.usable?.alternatives ?? [] {
        let value = Answer.Value(one, of: organisation)
        if !usable.contains(where: { $0.value == value.value }) { usable.append(value) }
      }
      switch fact.obstacle(for: purpose, consents, now: now) {
      case .withdrawn: unusable = make(key, .withdrawn, [])
      case .purpose: unusable = make(key, .purpose, [])
      case .expired: unusable = make(key, .expired, [Answer.Value(fact, of: organisation)])
      case nil: break
      }
    }
    if usable.isEmpty { return unusable }
    return make(key, usable.count > 1 || hidden != nil ? .conflict : .known, usable, hidden)
  }

  private func answer(_ key: String, _ fact: FactView) -> Answer {
    let telling = fact.telling(for: purpose, consents, now: now)
    if let usable = telling.usable {
      let values = usable.alternatives.map { Answer.Value($0) }
      // Somebody wrote down another value, which may not be told here.
      return make(key, values.count > 1 || telling.hidden != nil ? .conflict : .known, values, telling.hidden)
    }
    switch fact.obstacle(for: purpose, consents, now: now) {
    case .withdrawn: return make(key, .withdrawn, [])
    case .purpose: return make(key, .purpose, [])
    case .expired, nil: return make(key, .expired, [Answer.Value(fact)])
    }
  }

  private func make(
    _ key: String, _ state: Answer.State, _ values: [Answer.Value], _ hidden: FactView.Obstacle? = nil
  ) -> Answer {
    Answer(
      key: key, state: state, values: values, question: settings.question(FactKey.normal(key)),
      hidden: hidden)
  }

  private func isSingle(_ profile: FactKey.Profile) -> Bool {
    if case .field = profile { true } else { false }
  }

  private func values(
    _ profile: FactKey.Profile, _ changes: () throws(StorageError) -> [PlacedChange]
  ) throws(StorageError) -> [Answer.Value] {
    switch profile {
    case .field(let name):
      guard let field = customer.field(name), !field.text.isEmpty else { return [] }
      var heads = [field.shown]
      for head in field.heads where !heads.contains(where: { $0.value == head.value }) { heads.append(head) }
      return heads.map { Answer.Value($0.value, by: $0.by, at: $0.effective) }
    case .address:
      let parts = ["street", "postcode", "city", "country"].compactMap {
        customer.field(ExactString("address." + $0))
      }
      guard parts.count > 1, let last = parts.max(by: { $0.shown.effective < $1.shown.effective }) else {
        return []
      }
      let text = parts.map(\.text).joined(separator: ", ")
      return [Answer.Value(JSONText(text), by: last.shown.by, at: last.shown.effective)]
    case .set(let name):
      guard let elements = customer.state.sets[name] else { return [] }
      let placed = try changes()
      return elements.keys.sorted().compactMap { element in
        let adds = elements[element] ?? []
        // Each of several profiles may have it; whose is asked about first must not matter.
        let first = placed.filter { adds.contains($0.change.id) }.min {
          ($0.effective, $0.change.id) < ($1.effective, $1.change.id)
        }
        guard let first else { return nil }
        return Answer.Value(JSONText(element.text), by: first.change.by, at: first.effective)
      }
    }
  }
}

/// A look at an entity of any type.
struct PlainLook: EntityView {
  let state: EntityState
  var id: EntityID { state.id }

  init(_ state: EntityState) { self.state = state }
}
