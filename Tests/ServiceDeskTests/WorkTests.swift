import Agent
import Causality
import Codec
import DeskSupport
import Merge
import ServiceDesk
import Testing

@Suite("The desk's first verbs: reply, note, set, tag")
struct WorkTests {
  @Test("A reply is queued for a gateway, and an incoming one opens a solved ticket again")
  func reply() throws {
    let desks = try TwoDesks()
    let (anna, ticket) = (desks.anna, try desks.ticket(try desks.customer()))
    let reply = try #require(try anna.reply(ticket, channel: "email", text: "We come at noon"))
    #expect(try anna.page(ticket).entries.first { $0.entry.id == reply.id }?.state == "queued")
    #expect(try anna.outbox("email").messages.map(\.entry.entry.id) == [reply.id])
    try anna.solve(ticket, solution: "A new tap", told: "phone")
    try anna.reply(ticket, channel: "email", text: "It still drips", direction: "in")
    #expect(try anna.ticket(ticket)?.status == "open")
    try anna.note(ticket, text: "@bo has the key")
    #expect(try anna.ticket(ticket)?.followers == ["bo"])
    #expect(throws: DeskError.self) {
      try anna.reply(ticket, channel: "email", text: "x", direction: "sideways")
    }
  }

  @Test("What is not there gets no field, note or tag, and no list shows it")
  func unknown() throws {
    let desks = try TwoDesks()
    let anna = desks.anna
    let nobody = try #require(EntityID("ticket/b2x9m1c0aa.64"))
    #expect(throws: DeskError.self) { try anna.set(nobody, ["status": "open"]) }
    #expect(throws: DeskError.self) { try anna.note(nobody, text: "x") }
    #expect(throws: DeskError.self) { try anna.reply(nobody, channel: "email", text: "x") }
    #expect(throws: DeskError.self) { try anna.tag(nobody, ["x"]) }
    #expect(throws: DeskError.self) { try anna.untag(nobody, ["x"]) }
    #expect(try anna.tickets().total == 0 && anna.store.unsent.isEmpty)
  }

  @Test("A customer is no ticket, a ticket no promise, and nobody is a member of themselves")
  func types() throws {
    let desks = try TwoDesks()
    let (anna, customer) = (desks.anna, try desks.customer())
    let ticket = try desks.ticket(customer)
    #expect(throws: DeskError.self) { try anna.transfer(customer, to: "bo", because: "away") }
    #expect(throws: DeskError.self) { try anna.take(customer) }
    #expect(throws: DeskError.self) { try anna.solve(customer, solution: "x", told: "phone") }
    #expect(throws: DeskError.self) { try anna.follow(customer, "bo") }
    #expect(throws: DeskError.self) { try anna.merge(customer, ticket) }
    #expect(throws: DeskError.self) { try anna.settle(ticket, as: "kept") }
    #expect(throws: DeskError.self) { try anna.join(customer, customer) }
    #expect(throws: DeskError.self) { try anna.leave(ticket, customer) }
    #expect(throws: DeskError.self) { try anna.setContract(customer, "support", text: "x") }
    #expect(anna.store.unsent.isEmpty)
  }

  @Test("What must never be kept is refused, by name and by look, whichever verb it comes with")
  func secrets() throws {
    let desks = try TwoDesks()
    let (anna, customer) = (desks.anna, try desks.customer())
    var settings = Draft()
    settings.add[Vocabulary.secretKeys] = ["house_word"]
    try anna.configure(settings)
    try desks.sync()
    for (field, value) in [
      ("pin", "x"), ("fact.password", "x"), ("fact.note", "my PIN is 4711"), ("about", "4111 1111 1111 1111"),
      ("fact.house_word", "x"),
    ] as [(ExactString, String)] {
      let fields = [field: JSONText(value)]
      #expect(throws: DeskError.self) { try anna.newCustomer(name: "Bo", fields: fields) }
      #expect(throws: DeskError.self) { try anna.newTicket(customer: nil, subject: "Tap", fields: fields) }
      #expect(throws: DeskError.self) { try anna.newArticle(title: "Tap", body: "x", fields: fields) }
      #expect(throws: DeskError.self) { try anna.set(customer, [field: value]) }
      #expect(throws: DeskError.self) { try anna.record(Edit(.entity(customer), Draft(set: [field: value]))) }
      #expect(throws: DeskError.self) {
        try anna.record([
          Edit(.entity(customer), Draft(set: ["floor": "3"])),
          Edit(.new(type: "order"), Draft(set: [field: value])),
        ])
      }
    }
    #expect(throws: DeskError.self) { try anna.newCustomer(name: "4111 1111 1111 1111") }
    // Settings name what is secret, and may ask for it; a card's number is none of theirs.
    #expect(throws: DeskError.self) { try anna.configure(Draft(set: ["saved.pay": "4111 1111 1111 1111"])) }
    #expect(anna.store.unsent.isEmpty)
    try anna.configure(Draft(set: ["question.pin": "What is the PIN pad's number?"]))
    try anna.set(customer, ["pin": nil, "about": "the PIN pad is broken"])
  }
}
