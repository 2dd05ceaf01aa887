import Agent
import Causality
import Codec
import Merge
import ServiceDesk
import Storage
import TestSupport

/// Whatever a desk can do, at random: facts, questions, consent, messages, calls, transfers, solving, merging and splitting of
/// tickets and customers, promises, surveys, triage, outreach, targets, the gateway's outcomes.
package struct DeskWork {
  package var generator: SeededGenerator
  /// What was made, by whomever; not all of it is known to each desk.
  package private(set) var customers: [EntityID] = []
  package private(set) var tickets: [EntityID] = []

  package init(_ generator: SeededGenerator) {
    self.generator = generator
  }

  private static let channels = ["phone", "email", "chat", "sms"]
  private static let words = ["It drips", "no water", "the bill", "Vatten överallt", "gas"]

  /// Some pieces of work on one desk, with what it knows. What makes no sense just now is refused, and that is fine.
  ///
  /// - Returns: the customers and tickets that it made.
  /// - Throws: what the disk refuses, and damage.
  @discardableResult
  package mutating func work(_ desk: Desk, pieces: Int) throws(StorageError) -> [EntityID] {
    // What others made since its last sync is not there to be worked on.
    var own = self
    own.customers = try Self.known(customers, desk)
    own.tickets = try Self.known(tickets, desk)
    let known = own.customers.count + own.tickets.count
    defer {
      generator = own.generator
      customers += own.customers.filter { !customers.contains($0) }
      tickets += own.tickets.filter { !tickets.contains($0) }
    }
    for _ in 0..<pieces {
      do throws(DeskError) { try own.attempt(desk) } catch {
        switch error {
        case .invalid, .notFound, .secret, .ambiguous: break
        case .storage(.refused): break
        case .storage(let error): throw error
        }
      }
    }
    return own.customers.count + own.tickets.count == known
      ? []
      : own.customers.filter { !customers.contains($0) } + own.tickets.filter { !tickets.contains($0) }
  }

  private static func known(_ entities: [EntityID], _ desk: Desk) throws(StorageError) -> [EntityID] {
    var known: [EntityID] = []
    for entity in entities {
      if let state = try desk.store.state(of: entity), !state.isErased { known.append(entity) }
    }
    return known
  }

  private static func stored<Result>(_ body: () throws(StorageError) -> Result) throws(DeskError) -> Result {
    do { return try body() } catch { throw .storage(error) }
  }

  private mutating func attempt(_ desk: Desk) throws(DeskError) {
    let what = generator.int(0...29)
    let (channel, text) = (generator.pick(Self.channels), generator.pick(Self.words))
    if customers.isEmpty || what == 0 {
      let number = generator.int(0...9)
      let change = try desk.newCustomer(
        name: "Person \(number)", phones: ["+4670123456\(number)"], emails: ["p\(number)@example.org"],
        tags: number < 3 ? ["gold"] : [], language: number < 5 ? "sv" : "fi",
        address: ["city": number < 6 ? "Malmö" : "Lund"])
      customers.append(change.on)
      return
    }
    let customer = generator.pick(customers)
    if tickets.isEmpty || what < 4 {
      let (topic, message) = (generator.oneIn(2) ? "leak" : nil, generator.oneIn(2) ? text : nil)
      let change = try desk.newTicket(
        customer: customer, subject: text, channel: channel, topic: topic, message: message)
      tickets.append(change.on)
      return
    }
    try act(what, desk, customer, generator.pick(tickets), channel, text)
  }

  private mutating func act(
    _ what: Int, _ desk: Desk, _ customer: EntityID, _ ticket: EntityID, _ channel: String, _ text: String
  ) throws(DeskError) {
    switch what {
    case 4: try desk.setFact(customer, NewFact("floor", JSONText(generator.int(1...3))))
    case 5: try desk.retractFact(customer, "floor", because: "moved")
    case 6:
      let answers = try desk.answers(customer, ["floor", "name"], ticket: ticket)
      try desk.logQuestions(
        answers, of: customer, ticket: ticket, because: generator.oneIn(3) ? "to be sure" : nil)
    case 7: try desk.setConsent(customer, "contact", isGranted: generator.oneIn(2), channel: channel)
    case 8: try desk.write(ticket, NewEntry("message", text, channel: channel, direction: "out"))
    case 9: try desk.write(ticket, NewEntry("message", text, channel: channel, direction: "in"))
    case 10: try desk.write(ticket, NewEntry("call", text, channel: "phone", direction: "in"))
    case 11: try desk.write(ticket, NewEntry("note", "@bo \(text)"))
    case 12: try desk.take(ticket)
    case 13: try desk.transfer(ticket, to: generator.pick(["carl", "dora"]), because: text)
    case 14: try desk.solve(ticket, solution: text, told: channel)
    case 15: try desk.reopen(ticket, because: text)
    case 16: try desk.followUp(ticket, channel: channel, text: text)
    case 17: try desk.merge(ticket, generator.pick(tickets), anyway: true)
    case 18: try desk.unmerge(ticket)
    case 19:
      try desk.promise(text, to: nil, ticket: ticket, due: HybridTime(milliseconds: 1_795_281_700_000))
    case 20:
      let open = try desk.promises(limit: .max).rows
      if !open.isEmpty {
        try desk.settle(generator.pick(open).id, as: generator.pick(["kept", "broken"]), because: text)
      }
    case 21: try desk.survey(ticket, csat: generator.int(1...5), ces: generator.int(1...7))
    case 22:
      var rule = TriageRule(generator.pick(["leaks", "rest"]), team: generator.pick(["water", "front"]))
      rule.words = generator.oneIn(2) ? ["drip*"] : []
      rule.languages = generator.oneIn(3) ? ["sv"] : []
      try desk.setTriageRule(rule)
    case 23: try desk.route(try desk.triage(limit: .max).tickets)
    case 24:
      guard var outreach = Outreach(generator.pick(["outage", "recall"])) else { return }
      (outreach.subject, outreach.text) = ("News", text)
      outreach.places = ["Malmö"]
      try desk.apply(try desk.plan(outreach))
    case 25: try desk.mergeCustomers(customer, generator.pick(customers))
    case 26: try desk.splitCustomer(customer)
    case 27:
      if let waiting = try desk.outbox(channel).messages.first {
        try desk.record(waiting.entry, as: generator.pick(["sent", "failed"]))
      } else if let held = try desk.outbox(channel).held.first {
        try desk.release(held.entry)
      }
    case 28: try desk.compensate(ticket, Money("20", "EUR"), because: text)
    default: try desk.setTarget(channel: channel, ResponseTarget(first: generator.int(1...60)))
    }
  }

  /// Where two desks with the same changes tell different things of all the work.
  package static func differences(_ one: Desk, _ other: Desk) throws -> [String] {
    var found: [String] = []
    func compare<Value: Equatable>(_ what: String, _ read: (Desk) throws -> Value) throws {
      let (left, right) = (try read(one), try read(other))
      if left != right { found.append("\(what): \(left) and \(right)") }
    }
    // Behind all of it, whatever the clocks say.
    let now: UInt64 = 4_000_000_000_000
    try compare("report") { try $0.report(0..<now, now: now) }
    try compare("triage") { try $0.triage(limit: .max).tickets }
    try compare("triage rules") { try $0.settings().triageRules }
    try compare("surveys") { try $0.surveys(limit: .max).rows }
    try compare("promises") { try $0.promises(limit: .max).rows }
    try compare("tickets") { try $0.tickets(limit: .max).rows }
    try compare("conflicts") { try $0.conflicts(limit: .max).conflicts }
    for channel in channels {
      try compare("what waits for \(channel)") { try $0.outbox(channel).messages.map(\.entry) }
      try compare("to whom it goes") { try $0.outbox(channel).messages.map(\.recipients) }
      try compare("what is held back") {
        try $0.outbox(channel).held.map { [$0.entry.crossed, [$0.entry.entry.id]] }
      }
    }
    return found
  }
}
