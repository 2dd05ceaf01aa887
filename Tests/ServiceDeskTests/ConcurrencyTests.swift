import Agent
import Causality
import Codec
import DeskSupport
import Merge
import Storage
import TestSupport
import Testing

@testable import ServiceDesk

/// Two agents who do whatever a desk can do, offline and at random. Whatever they did, once both have synced they see the same.
@Suite("Everything at once")
struct ConcurrencyTests {
  private struct Shift {
    var generator: SeededGenerator
    var customers: [EntityID] = []
    var tickets: [EntityID] = []

    private static let channels = ["phone", "email", "chat", "sms"]
    private static let words = ["It drips", "no water", "the bill", "Vatten överallt", "gas"]

    /// One piece of work. What makes no sense just now is refused, and that is fine.
    mutating func work(_ desk: Desk) throws {
      do throws(DeskError) { try attempt(desk) } catch {
        switch error {
        case .invalid, .notFound, .secret: break
        case .storage, .ambiguous: throw error
        }
      }
    }

    private mutating func attempt(_ desk: Desk) throws(DeskError) {
      let what = generator.int(0...29)
      let (channel, text) = (generator.pick(Self.channels), generator.pick(Self.words))
      if customers.isEmpty || what == 0 {
        let number = generator.int(0...9)
        let change = try desk.stored { () throws(StorageError) in
          try desk.newCustomer(
            name: "Person \(number)", phones: ["+4670123456\(number)"], emails: ["p\(number)@example.org"],
            tags: number < 3 ? ["gold"] : [], language: number < 5 ? "sv" : "fi",
            address: ["city": number < 6 ? "Malmö" : "Lund"])
        }
        customers.append(change.on)
        return
      }
      let customer = generator.pick(customers)
      if tickets.isEmpty || what < 4 {
        let change = try desk.stored { () throws(StorageError) in
          try desk.newTicket(
            customer: customer, subject: text, channel: channel, topic: generator.oneIn(2) ? "leak" : nil,
            message: generator.oneIn(2) ? text : nil)
        }
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
        }
      case 28: try desk.compensate(ticket, Money("20", "EUR"), because: text)
      default: try desk.setTarget(channel: channel, ResponseTarget(first: generator.int(1...60)))
      }
    }
  }

  @Test(
    "Two agents at random, with syncs and compactions between: the same everywhere",
    arguments: 0..<4 as Range<UInt64>)
  func same(seed: UInt64) throws {
    let desks = try TwoDesks(seed: seed)
    var shift = Shift(generator: SeededGenerator(seed: seed))
    var sent: [String: Int] = [:]
    for round in 0..<6 {
      for desk in [desks.anna, desks.bo] {
        // Each knows what it has; what the other made since is not there to be worked on.
        let known = shift
        var own = shift
        own.customers = try own.customers.filter { try desk.store.state(of: $0) != nil }
        own.tickets = try own.tickets.filter { try desk.store.state(of: $0) != nil }
        let (customers, tickets) = (own.customers, own.tickets)
        for _ in 0..<25 { try own.work(desk) }
        shift.generator = own.generator
        shift.customers = known.customers + own.customers.filter { !customers.contains($0) }
        shift.tickets = known.tickets + own.tickets.filter { !tickets.contains($0) }
      }
      if shift.generator.oneIn(2) { try desks.anna.store.compact(all: true) }
      if round % 2 == 1 { try desks.sync() }
    }
    try desks.sync()
    #expect(try desks.agree())
    let (anna, bo) = (desks.anna, desks.bo)
    let now = anna.store.environment.now() + 3_600_000
    #expect(try anna.report(0..<now, now: now) == bo.report(0..<now, now: now))
    #expect(try anna.report(0..<now, now: now).total.opened > 0)
    #expect(try anna.triage(limit: .max).tickets == bo.triage(limit: .max).tickets)
    #expect(try anna.settings().triageRules == bo.settings().triageRules)
    #expect(try anna.surveys(limit: .max).rows == bo.surveys(limit: .max).rows)
    #expect(try anna.promises(limit: .max).rows == bo.promises(limit: .max).rows)
    #expect(try anna.tickets(limit: .max).rows == bo.tickets(limit: .max).rows)
    #expect(try anna.conflicts(limit: .max).conflicts == bo.conflicts(limit: .max).conflicts)
    for channel in ["phone", "email", "chat", "sms"] {
      let waiting = try anna.outbox(channel).messages
      #expect(waiting.map(\.entry) == (try bo.outbox(channel).messages.map(\.entry)))
      for message in waiting {
        // Of one outreach a ticket has at most one message that waits.
        guard let outreach = message.entry.entry.value["outreach"]?.string else { continue }
        sent["\(message.ticket.id) \(outreach)", default: 0] += 1
      }
    }
    #expect(sent.values.allSatisfy { $0 == 1 }, "\(sent)")
    for name in ["outage", "recall"] {
      guard let outreach = try anna.outreach(name) else { continue }
      let plan = try anna.plan(outreach)
      #expect(plan.recipients.map(\.ticket) == (try bo.plan(outreach).recipients.map(\.ticket)))
      #expect(plan.omissions == (try bo.plan(outreach).omissions))
    }
    for customer in shift.customers {
      #expect(try anna.brief(customer).facts.map(\.value) == bo.brief(customer).facts.map(\.value))
      #expect(try anna.brief(customer).contacts.map(\.text) == bo.brief(customer).contacts.map(\.text))
    }
  }
}
