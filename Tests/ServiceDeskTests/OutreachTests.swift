import Agent
import Causality
import Codec
import DeskSupport
import Merge
import Storage
import TestSupport
import Testing

@testable import ServiceDesk

@Suite("Outreach")
struct OutreachTests {
  private func outage(_ text: String = "Hello {name}, no water until noon.") throws -> Outreach {
    var outreach = try #require(Outreach("Outage Malmö"))
    outreach.subject = "No water"
    outreach.text = text
    outreach.places = ["Malmö"]
    return outreach
  }

  private func person(
    _ desk: Desk, _ name: String, city: String = "Malmö", emails: [String] = [], phones: [String] = []
  ) throws -> EntityID {
    try desk.newCustomer(name: name, phones: phones, emails: emails, address: ["city": city]).on
  }

  @Test(
    "Two agents run one outreach offline: one ticket for each customer, one message goes out, no conflict")
  func twoAgents() throws {
    let desks = try TwoDesks()
    let maja = try person(desks.anna, "Maja", emails: ["maja@example.org"])
    let lars = try person(desks.anna, "Lars", emails: ["lars@example.org"])
    _ = try person(desks.anna, "Ida", city: "Lund", emails: ["ida@example.org"])
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      let plan = try desk.plan(try outage())
      #expect(plan.recipients.map(\.customer) == [lars, maja])
      #expect(try desk.apply(plan) == 2)
      // Done again it finds nobody new.
      #expect(try desk.plan(try outage()).recipients.isEmpty)
    }
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      let rows = try desk.tickets(limit: .max).rows
      #expect(rows.count == 2)
      #expect(Set(rows.compactMap(\.customer)) == [maja, lars])
      #expect(rows.allSatisfy { $0.conflicts == 0 && $0.status == "pending" && $0.outbox == ["email"] })
      #expect(try desk.openConflictCount() == 0)
      let messages = try desk.outbox("email").messages
      #expect(
        messages.map(\.entry.text).sorted() == [
          "Hello Lars, no water until noon.", "Hello Maja, no water until noon.",
        ])
      #expect(try desk.outreaches().map(\.tickets) == [2])
      #expect(try desk.brief(maja).contacts.count == 1)
    }
    #expect(try desks.agree())
    // Also from runs, and by the start of the id.
    try desks.bo.store.compact(all: true)
    #expect(try desks.bo.outbox("email").messages.count == 2)
    let ticket = try #require(try desks.bo.tickets().rows.first).id
    #expect(try desks.bo.resolve(desks.bo.shortID(ticket), type: "ticket") == ticket)
    #expect(try desks.bo.resolve(ticket.origin.description) == ticket)
  }

  @Test(
    "What one's gateway sent before it knew of the other's is not sent again; what one took back is not sent at all"
  )
  func gateways() throws {
    let desks = try TwoDesks()
    for name in ["Lars", "Maja"] { _ = try person(desks.anna, name, emails: ["\(name)@example.org"]) }
    try desks.sync()
    for desk in [desks.anna, desks.bo] { try desk.apply(try desk.plan(try outage())) }
    // bo's messages are later than anna's, and one of them is out already.
    let sent = try #require(try desks.bo.outbox("email").messages.first { $0.customer?.name == "Lars" })
    try desks.bo.record(sent.entry, as: "sent")
    let back = try #require(try desks.anna.outbox("email").messages.first { $0.customer?.name == "Maja" })
    try desks.anna.cancel(back.entry)
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      let outbox = try desk.outbox("email")
      #expect(outbox.messages.isEmpty && outbox.held.isEmpty)
      let lars = try desk.page(sent.ticket.id).entries.map(\.state)
      #expect(lars == ["cancelled", "sent"])
      #expect(try desk.page(back.ticket.id).entries.map(\.state) == ["cancelled", "cancelled"])
      #expect(try desk.tickets().rows.allSatisfy { $0.outbox.isEmpty })
    }
    #expect(try desks.agree())
  }

  @Test(
    "Of two gateways that each took its own of two twins the one whose mark the server has first sends it, the other none",
    arguments: [false, true], ["sent", "failed", nil])
  func claims(isLaterFirst: Bool, outcome: String?) throws {
    let desks = try TwoDesks()
    _ = try person(desks.anna, "Maja", emails: ["maja@example.org"])
    try desks.sync()
    for desk in [desks.anna, desks.bo] { try desk.apply(try desk.plan(try outage())) }
    // Each gateway knows of one message only. bo's is the later one.
    let order = isLaterFirst ? [desks.bo, desks.anna] : [desks.anna, desks.bo]
    let messages = try order.map { try #require(try $0.outbox("email").messages.first) }
    let marks = try zip(order, messages).map { desk, message in
      try #require(try desk.record(message.entry, as: "sending"))
    }
    for desk in order { try desks.server.sync(desk.store) }
    #expect(try order[1].claimed(messages[1], by: marks[1]) == nil)
    #expect(try order[0].claimed(messages[0], by: marks[0])?.entry.entry.id == messages[0].entry.entry.id)
    // Also where each knows of the other's mark.
    try desks.sync()
    #expect(try order[0].claimed(messages[0], by: marks[0])?.entry.entry.id == messages[0].entry.entry.id)
    if let outcome { try order[0].record(messages[0].entry, as: outcome, behind: marks[0]) }
    try desks.server.sync(order[0].store)
    try desks.server.sync(order[1].store)
    // Had the second one asked only now, it would send what the first one could not.
    #expect(try (order[1].claimed(messages[1], by: marks[1]) == nil) == (outcome != "failed"))
    try order[1].withdraw(marks[1], of: messages[1].entry)
    try desks.sync()
    #expect(try desks.agree())
    for desk in order {
      #expect(try desk.outbox("email").messages.count == (outcome == "failed" ? 1 : 0))
      let page = try desk.page(messages[0].ticket.id)
      #expect(page.entries.first { $0.entry.id == messages[0].entry.entry.id }?.state == outcome ?? "sending")
      let other = page.entries.first { $0.entry.id == messages[1].entry.entry.id }
      #expect(other?.state == (outcome == "failed" ? "queued" : "cancelled"))
    }
  }

  @Test("Somebody takes one of two twins back beside a gateway's mark on the other one: neither goes out")
  func takenBack() throws {
    let desks = try TwoDesks()
    _ = try person(desks.anna, "Maja", emails: ["maja@example.org"])
    try desks.sync()
    for desk in [desks.anna, desks.bo] { try desk.apply(try desk.plan(try outage())) }
    let message = try #require(try desks.bo.outbox("email").messages.first)
    try desks.anna.cancel(try #require(try desks.anna.outbox("email").messages.first).entry)
    let mark = try #require(try desks.bo.record(message.entry, as: "sending"))
    try desks.server.sync(desks.anna.store)
    try desks.server.sync(desks.bo.store)
    #expect(try desks.bo.claimed(message, by: mark) == nil)
    try desks.bo.withdraw(mark, of: message.entry)
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      #expect(try desk.outbox("email").messages.isEmpty)
      #expect(try desk.page(message.ticket.id).entries.map(\.state) == ["cancelled", "cancelled"])
    }
  }

  @Test("Different words for one outreach are a conflict of it; each customer gets the first ones only")
  func differentWords() throws {
    let desks = try TwoDesks()
    let maja = try person(desks.anna, "Maja", emails: ["maja@example.org"])
    try desks.sync()
    try desks.anna.apply(try desks.anna.plan(try outage("Off until noon.")))
    try desks.bo.apply(try desks.bo.plan(try outage("Off until evening.")))
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      #expect(try desk.outbox("email").messages.map(\.entry.text) == ["Off until noon."])
      let outreach = try #require(try desk.outreach("outage malmo"))
      let state = try #require(try desk.store.state(of: outreach.id))
      #expect(state.disagreements == ["text"])
      #expect(try desk.tickets().rows.map(\.customer) == [maja])
    }
    #expect(try desks.agree())
  }

  @Test(
    "A customer withdraws consent while an outreach goes out elsewhere: it is in the inbox, and nobody is told twice"
  )
  func withdrawn() throws {
    let desks = try TwoDesks()
    let maja = try person(desks.anna, "Maja", emails: ["maja@example.org"])
    try desks.sync()
    try desks.anna.setConsent(maja, "contact", isGranted: false)
    try desks.bo.apply(try desks.bo.plan(try outage()))
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      let kinds = try desk.conflicts(limit: .max).conflicts.map(\.kind)
      #expect(kinds.contains { "\($0)".lowercased().contains("withdrawn") }, "\(kinds)")
      let plan = try desk.plan(try outage())
      #expect(plan.recipients.isEmpty && plan.reached.count == 1)
    }
  }

  @Test("Who is left out, and why; the channel that the customer likes; the phone; merged profiles once")
  func choice() throws {
    let desks = try TwoDesks()
    let desk = desks.anna
    let likesSMS = try person(desk, "A", emails: ["a@example.org"], phones: ["+46701234567"])
    try desk.set(likesSMS, ["channel": "sms"])
    let noContact = try person(desk, "B", emails: ["b@example.org"])
    try desk.setConsent(noContact, "contact", isGranted: false)
    let noService = try person(desk, "C", emails: ["c@example.org"])
    try desk.setConsent(noService, "service", isGranted: false)
    let unreachable = try person(desk, "D")
    let avoids = try person(desk, "E", emails: ["e@example.org"])
    var draft = Draft()
    draft.add[Vocabulary.avoidedChannels] = ["email"]
    try desk.store.commit(Edit(.entity(avoids), draft))
    let phoneOnly = try person(desk, "F", phones: ["+46701234568"])
    draft.add[Vocabulary.avoidedChannels] = ["sms", "message"]
    try desk.store.commit(Edit(.entity(phoneOnly), draft))
    let nameless = try desk.newCustomer(name: "", emails: ["g@example.org"], address: ["city": "MALMO"]).on
    let first = try person(desk, "H", emails: ["h@example.org"])
    let second = try person(desk, "H", city: "Lund", emails: ["h@example.com"])
    try desk.mergeCustomers(first, second)
    let plan = try desk.plan(try outage())
    #expect(plan.recipients.map(\.customer) == [likesSMS, phoneOnly, first])
    #expect(plan.recipients.map(\.channel) == ["sms", "phone", "email"])
    #expect(
      Dictionary(uniqueKeysWithValues: plan.omissions.map { ($0.customer, $0.obstacle) }) == [
        noContact: .consent("contact"), noService: .consent("service"), unreachable: .unreachable,
        avoids: .avoided, nameless: .nameless,
      ])
    try desk.apply(plan)
    // Nothing claims that somebody was called.
    let call = try #require(try desk.ticket(plan.recipients[1].ticket))
    #expect(call.status == "new" && call.timeline.isEmpty)
    #expect(call.state.text("say") == "Hello F, no water until noon.")
    // Marketing has to be granted.
    var offer = try outage("Buy!")
    offer.purpose = "marketing"
    #expect(try desk.plan(offer).recipients.isEmpty)
    for (edit, word) in [
      ({ $0.places = [] }, "whom"), ({ $0.text = " " }, "said"), ({ $0.purpose = "fun" }, "fun"),
      ({ $0.places = ["!"] }, "letter"),
    ] as [((inout Outreach) -> Void, String)] {
      var bad = try outage()
      edit(&bad)
      #expect(throws: DeskError.self, "\(word)") { try desk.plan(bad) }
    }
    #expect(Outreach("!?") == nil)
  }

  @Test("By fact and by purchase: expired, for another purpose, both conditions at once")
  func conditions() throws {
    let desks = try TwoDesks()
    let desk = desks.anna
    func owner(_ name: String, _ fact: NewFact?) throws -> EntityID {
      let id = try person(desk, name, emails: ["\(name)@example.org"])
      if let fact { try desk.setFact(id, fact) }
      return id
    }
    let a = try owner("a", NewFact("boiler", JSONText("T-1000")))
    let b = try owner("b", NewFact("boiler", JSONText("T-2000")))
    var old = NewFact("boiler", JSONText("t 1000"))
    old.expires = HybridTime(milliseconds: 1_795_000_000_000)
    let c = try owner("c", old)
    var private_ = NewFact("boiler", JSONText("T-1000"))
    private_.purpose = "analytics"
    let d = try owner("d", private_)
    try desk.setConsent(d, "analytics", isGranted: true)
    var outreach = try #require(Outreach("recall"))
    (outreach.subject, outreach.text, outreach.facts) = ("Your boiler", "Please call", ["Boiler=T-1000"])
    let plan = try desk.plan(outreach)
    #expect(plan.recipients.map(\.customer) == [a])
    #expect(plan.recipients[0].reasons == ["boiler: T-1000"])
    #expect(plan.omissions.map(\.customer) == [c, d])
    #expect(plan.omissions.map(\.obstacle) == [.expired("boiler"), .purpose("boiler")])
    outreach.facts = ["boiler"]
    #expect(try desk.plan(outreach).recipients.map(\.customer) == [a, b])

    for (type, customer, product) in [
      ("purchase", b, "Washing machine W-7, white"), ("order", a, "Hose"), ("purchase", c, "Dryer W 8"),
    ] {
      var draft = Draft()
      draft.set["customer"] = JSONText(customer.description)
      if type == "order" {
        draft.add["products"] = [ExactString("Tap"), ExactString(product)]
      } else {
        draft.set["product"] = JSONText(product)
      }
      try desk.store.commit(Edit(.new(type: type), draft))
    }
    (outreach.facts, outreach.purchases) = ([], ["machine w-7", "hose"])
    #expect(try desk.plan(outreach).recipients.map(\.customer) == [a, b])
    #expect(
      try desk.plan(outreach).recipients.map(\.reasons) == [
        ["bought: Hose"], ["bought: Washing machine W-7, white"],
      ])
    outreach.facts = ["boiler=T-2000"]
    #expect(try desk.plan(outreach).recipients.map(\.customer) == [b])
    // A city is known without being a fact.
    (outreach.facts, outreach.purchases) = (["city=malmo"], [])
    #expect(try desk.plan(outreach).recipients.count == 4)
  }
}
