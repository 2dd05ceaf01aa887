import Agent
import Causality
import Codec
import Merge
import Storage

/// Judges customers one after the other: for whom an outreach is meant, and who may be told.
struct OutreachSearch {
  private let desk: Desk
  private let outreach: Outreach
  private let settings: Settings
  private let now: UInt64
  private let facts: [(key: String, value: String?)]
  private let places: [(text: String, place: Place)]
  /// What was bought, by customer; nil where that does not matter.
  private let bought: [EntityID: String]?
  private(set) var plan: OutreachPlan

  init(_ desk: Desk, _ outreach: Outreach, _ settings: Settings) throws(DeskError) {
    self.desk = desk
    self.outreach = outreach
    self.settings = settings
    now = desk.store.environment.now()
    facts = outreach.facts.map { text in
      let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      return (parts[0], parts.count == 2 ? TextFolding.line(parts[1]) : nil)
    }
    places = outreach.places.map { ($0, Place($0)) }
    bought = outreach.purchases.isEmpty ? nil : try Self.purchases(desk, outreach.purchases)
    plan = OutreachPlan(outreach: outreach)
  }

  /// The customers to look at where what they bought narrows them down; nil for all.
  var buyers: [EntityID]? { bought.map { $0.keys.sorted() } }

  /// Customers with a purchase that has all words of one of the texts, and what they bought. Cost: all purchases.
  private static func purchases(_ desk: Desk, _ texts: [String]) throws(DeskError) -> [EntityID: String] {
    let wanted = texts.map { WordPattern($0) }
    var found: [EntityID: String] = [:]
    let store = desk.store
    for type in Vocabulary.purchases {
      let walk = try desk.stored { () throws(StorageError) in try store.walk(ofType: type) }
      while let (id, changes) = try desk.stored({ () throws(StorageError) in try walk.next() }) {
        let state = Fold.state(of: id, changes)
        guard !state.isErased, let customer = state.text("customer").flatMap({ EntityID($0) }),
          customer.type == Vocabulary.customer
        else { continue }
        let registers = ["product", "sku", "serial"].compactMap { state.text(ExactString($0)) }
        let product = (registers + state.elements("products")).first { text in
          let words = TextFolding.words(text)
          return wanted.contains { $0.isIn(words) }
        }
        guard let product else { continue }
        let members = try desk.stored { () throws(StorageError) in try store.members(of: customer) }
        if let whole = members.first { found[whole] = product }
      }
    }
    return found
  }

  /// Looks at a customer, of merged profiles the whole.
  mutating func look(at state: EntityState, _ members: [EntityID]) throws(DeskError) {
    guard !state.isErased else { return }
    var reasons: [String] = []
    var obstacle: OutreachPlan.Obstacle?
    if let bought {
      guard let product = bought[members[0]] else { return }
      reasons.append("bought: \(product)")
    }
    if !places.isEmpty {
      guard let place = places.first(where: { $0.place.contains(state) }) else { return }
      reasons.append("place: \(place.text)")
    }
    let store = desk.store
    let consents = try desk.stored { () throws(StorageError) in try Consents(state, settings, in: store) }
    if !facts.isEmpty {
      guard let found = fact(of: state, consents) else { return }
      reasons.append(found.reason)
      obstacle = found.obstacle
    }
    let name = state.text("name") ?? ""
    for member in members {
      let ticket = Outreach.ticket(outreach.id, member)
      let known = try desk.stored { () throws(StorageError) in try store.state(of: ticket) }
      if known != nil {
        plan.reached.append((members[0], name, ticket))
        return
      }
    }
    let way = way(to: state)
    let refused = [Vocabulary.contact, outreach.purpose].first { !consents.allows($0) }
    if let refused { obstacle = .consent(refused) }
    if obstacle == nil, way.channel == nil { obstacle = way.isAvoided ? .avoided : .unreachable }
    if obstacle == nil, outreach.text.contains("{name}"), name.isEmpty { obstacle = .nameless }
    guard obstacle == nil, let channel = way.channel else {
      plan.omissions.append(
        OutreachPlan.Omission(customer: members[0], name: name, obstacle: obstacle ?? .unreachable))
      return
    }
    let text = outreach.text.split(separator: "{name}", omittingEmptySubsequences: false).joined(
      separator: name)
    plan.recipients.append(
      OutreachPlan.Recipient(
        customer: members[0], name: name, channel: channel, address: way.address, reasons: reasons,
        ticket: Outreach.ticket(outreach.id, members[0]), text: text))
  }

  /// The fact by which an outreach is meant for a customer, usable or not; nil where there is none.
  private func fact(
    of state: EntityState, _ consents: Consents
  ) -> (reason: String, obstacle: OutreachPlan.Obstacle?)? {
    var unusable: (String, OutreachPlan.Obstacle?)?
    for (key, value) in facts {
      func fits(_ text: String) -> Bool { value.map { $0 == TextFolding.line(text) } ?? true }
      let look = PlainLook(state)
      if let fact = look.field(FactKey.register(key, of: state)).map({ FactView($0) }) {
        for one in fact.everyHead where fits(one.value.plain) {
          let reason = "\(fact.key): \(one.value.plain)"
          switch one.obstacle(for: one.purpose, consents, now: now) {
          case .withdrawn: unusable = (reason, .consent(one.purpose))
          case .expired: unusable = (reason, .expired(fact.key))
          case .purpose, nil:
            // What was told for service may serve an outreach that is one; anything else only its own purpose.
            if one.purpose == Vocabulary.service || one.purpose == outreach.purpose { return (reason, nil) }
            unusable = (reason, .purpose(fact.key))
          }
        }
      } else if case .field(let name) = FactKey.profile(FactKey.normal(key)), let field = look.field(name),
        field.heads.contains(where: { fits($0.value.plain) })
      {
        return ("\(FactKey.normal(key)): \(field.text)", nil)
      }
    }
    return unusable
  }

  /// The channel for a customer: what the customer likes if that will do, else the first one with an address that the customer
  /// does not avoid.
  private func way(to state: EntityState) -> (channel: String?, address: String, isAvoided: Bool) {
    let avoided = Set(state.elements(Vocabulary.avoidedChannels))
    let standard = ["email", "sms", "message", "social", "phone"]
    let preferred = state.text(Vocabulary.preferredChannel)
    var allowed = outreach.channels.isEmpty ? standard : outreach.channels
    if let preferred, outreach.channels.isEmpty ? standard.contains(preferred) : allowed.contains(preferred) {
      allowed = [preferred] + allowed.filter { $0 != preferred }
    }
    var isAvoided = false
    for channel in allowed {
      guard let address = OutgoingMessage.addresses(of: state, for: channel).first else { continue }
      if !avoided.contains(channel) { return (channel, address, false) }
      isAvoided = true
    }
    return (nil, "", isAvoided)
  }

  mutating func finish() -> OutreachPlan {
    plan.recipients.sort { ($0.name, $0.customer) < ($1.name, $1.customer) }
    plan.omissions.sort { ($0.name, $0.customer) < ($1.name, $1.customer) }
    plan.reached.sort { ($0.name, $0.customer) < ($1.name, $1.customer) }
    return plan
  }
}
