import Agent
import Causality
import Codec
import DeskSupport
import Merge
import ServiceDesk
import Storage
import TestSupport
import Testing

/// Two agents make and unmake one customer of two profiles, offline and at the same time.
@Suite struct MergingTests {
  let desks: TwoDesks
  /// The profile that names the whole, and the other one; both agents know both.
  let first: EntityID
  let second: EntityID

  init() throws {
    desks = try TwoDesks()
    let ids = [
      try desks.anna.newCustomer(name: "Anna Lind", phones: ["+46701234567"], address: ["city": "Lund"]).on,
      try desks.bo.newCustomer(name: "Ana Lint", emails: ["anna@example.org"], language: "sv").on,
    ].sorted()
    try desks.sync()
    (first, second) = (ids[0], ids[1])
  }

  private func names(_ desk: Desk, _ id: EntityID) throws -> [String] {
    let view = try #require(try desk.customer(id))
    return view.field("name")?.heads.map(\.value.plain).sorted() ?? []
  }

  @Test(
    "Merged at once in opposite directions they are one, and a difference is a conflict that can be settled")
  func opposite() throws {
    try desks.anna.mergeCustomers(first, second)
    try desks.bo.mergeCustomers(second, first)
    try desks.sync()
    #expect(try desks.agree())
    for desk in [desks.anna, desks.bo] {
      for id in [first, second] {
        let view = try #require(try desk.customer(id))
        #expect(view.id == first)
        #expect(view.members == [first, second])
        #expect(view.phones == ["+46701234567"])
        #expect(view.emails == ["anna@example.org"])
        #expect(view.conflicts.map(\.name) == ["name"])
        #expect(try names(desk, id) == ["Ana Lint", "Anna Lind"])
      }
      #expect(try desk.customers().rows.map(\.id) == [first])
      #expect(try desk.customers().total == 1)
      #expect(try desk.mergedCustomers() == [[first, second]])
      #expect(try desk.findCustomers("lin").isEmpty)
      #expect(try desk.findCustomers("anna@example.org").count == 1)
    }
    try desks.bo.set(second, ["name": "Anna Lindh"])
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      #expect(try names(desk, first) == ["Anna Lindh"])
      #expect(try desk.customer(first)?.conflicts.isEmpty == true)
    }
    // Merging what is one already changes nothing.
    #expect(try desks.anna.mergeCustomers(second, first) == [first, second])
    #expect(desks.anna.store.unsent.isEmpty)
  }

  @Test("Two settlements at once are a conflict again; nothing is lost")
  func settledTwice() throws {
    try desks.anna.mergeCustomers(first, second)
    try desks.sync()
    try desks.anna.set(first, ["name": "Anna Lind"])
    try desks.bo.set(second, ["name": "Ana Lint"])
    try desks.sync()
    #expect(try names(desks.anna, first) == ["Ana Lint", "Anna Lind"])
    #expect(try names(desks.bo, first) == ["Ana Lint", "Anna Lind"])
  }

  @Test(
    "A split gives every ticket, fact, consent and promise back, also what came by the other profile since")
  func split() throws {
    let (anna, bo) = (desks.anna, desks.bo)
    let tickets = try [first, second].map { try anna.newTicket(customer: $0, subject: "Earlier").on }
    try anna.setFact(first, NewFact("shoe_size", JSONText(38)))
    try anna.setFact(second, NewFact("shoe_size", JSONText(44)))
    try anna.setConsent(second, "marketing", isGranted: true)
    try anna.setConsent(second, "contact", isGranted: false)
    try desks.sync()
    try bo.mergeCustomers(first, second)
    try desks.sync()
    let whole = try #require(try anna.customer(first))
    #expect(Set(whole.openTickets.map(\.id)) == Set(tickets))
    #expect(whole.facts.first?.isConflict == true)
    #expect(try anna.consents(first).allows("contact") == false)

    // Anna settles in the second one's favour, and a ticket comes by the second one's address.
    try anna.setFact(first, NewFact("shoe_size", JSONText(44)))
    let later = try anna.newTicket(customer: second, subject: "By e-mail").on
    try anna.setFact(second, NewFact("allergy", "nuts"))
    try desks.sync()
    #expect(try bo.customer(second)?.facts.map(\.value.plain).sorted() == ["44", "nuts"])
    #expect(try bo.splitCustomer(second) == [first])
    try desks.sync()
    #expect(try desks.agree())
    for desk in [anna, bo] {
      let (left, right) = (try #require(try desk.customer(first)), try #require(try desk.customer(second)))
      #expect(left.members == [first] && right.members == [second])
      #expect(left.facts.map { "\($0.key) \($0.value.plain)" } == ["shoe_size 38"])
      #expect(right.facts.map { "\($0.key) \($0.value.plain)" } == ["allergy nuts", "shoe_size 44"])
      #expect(Set(left.openTickets.map(\.id)) == [tickets[0]])
      #expect(Set(right.openTickets.map(\.id)) == [tickets[1], later])
      #expect(try desk.consents(first).allows("contact"))
      #expect(try !desk.consents(first).allows("marketing"))
      #expect(try !desk.consents(second).allows("contact"))
      #expect(left.conflicts.isEmpty && right.conflicts.isEmpty)
      #expect(try desk.duplicates().isEmpty)
      #expect(try desk.splitQuestions(touching: nil).isEmpty)
    }
  }

  @Test("What an offline agent adds in the belief that they are one becomes a question, and is answered")
  func questions() throws {
    let (anna, bo) = (desks.anna, desks.bo)
    try anna.set(first, ["fact.car": "Volvo"])
    try anna.mergeCustomers(first, second)
    try desks.sync()
    // Bo does not hear of the split: what he writes on the whole may be either's.
    let ticket = try bo.newTicket(customer: first, subject: "Whose?").on
    try bo.set(first, ["fact.car": "Saab"])
    try bo.note(first, text: "Has a dog")
    var draft = Draft()
    draft.add["phones"] = ["+46709999999"]
    try bo.store.commit(Edit(.entity(first), draft))
    try bo.setFact(second, NewFact("pet", "cat"))
    try anna.splitCustomer(first)
    try desks.sync()
    #expect(try desks.agree())
    let questions = try anna.splitQuestions(touching: second)
    #expect(questions.count == 4)
    #expect(questions.allSatisfy { $0.profile == first && $0.others == [second] && $0.by == "bo" })
    #expect(try anna.splitQuestions(touching: nil) == questions)
    #expect(try bo.splitQuestions(touching: first) == questions)
    // Until then all stays where it was written.
    #expect(try anna.customer(first)?.facts.map(\.value.plain) == ["Saab"])
    #expect(try anna.customer(second)?.facts.map(\.value.plain) == ["cat"])

    // The phone is the first one's; all else the second one's.
    for question in questions {
      let isPhone = question.items.contains { if case .element = $0 { true } else { false } }
      try anna.answer(question, belongsTo: isPhone ? first : second)
    }
    try desks.sync()
    for desk in [anna, bo] {
      let (left, right) = (try #require(try desk.customer(first)), try #require(try desk.customer(second)))
      #expect(left.facts.map(\.value.plain) == ["Volvo"])
      #expect(right.facts.map(\.value.plain).sorted() == ["Saab", "cat"])
      #expect(left.timeline.isEmpty)
      #expect(right.timeline.map(\.text) == ["Has a dog"])
      #expect(right.timeline.map(\.by) == ["bo"])
      #expect(left.phones == ["+46701234567", "+46709999999"] || left.phones == ["+46709999999"])
      #expect(!right.phones.contains("+46709999999"))
      #expect(left.openTickets.isEmpty)
      #expect(right.openTickets.map(\.id) == [ticket])
      #expect(try desk.splitQuestions(touching: nil).isEmpty)
    }
  }

  @Test("What somebody wrote who had not heard of the merge is no question")
  func unaware() throws {
    try desks.anna.mergeCustomers(first, second)
    try desks.bo.set(first, ["fact.car": "Saab"])
    try desks.sync()
    try desks.anna.splitCustomer(second)
    try desks.sync()
    #expect(try desks.bo.splitQuestions(touching: nil).isEmpty)
    #expect(try desks.anna.customer(first)?.facts.map(\.value.plain) == ["Saab"])
  }

  @Test(
    "Split by one while the other merges a third: the split holds, the third stays with the one it was named for"
  )
  func splitWhileMerging() throws {
    let third = try desks.anna.newCustomer(name: "A. Lind").on
    try desks.anna.mergeCustomers(first, second)
    try desks.sync()
    try desks.anna.splitCustomer(first)
    try desks.bo.mergeCustomers(third, second)
    try desks.sync()
    #expect(try desks.agree())
    for desk in [desks.anna, desks.bo] {
      #expect(try desk.customer(first)?.members == [first])
      #expect(try desk.customer(third)?.members == [second, third].sorted())
      #expect(try desk.customers().total == 2)
    }
  }

  @Test("Of three that hang together by one, the others stay one when it is taken out")
  func three() throws {
    let third = try desks.anna.newCustomer(name: "A. Lind").on
    try desks.sync()
    try desks.anna.mergeCustomers(first, second)
    try desks.bo.mergeCustomers(second, third)
    try desks.sync()
    #expect(try desks.anna.customer(third)?.members == [first, second, third].sorted())
    try desks.bo.splitCustomer(second)
    try desks.sync()
    #expect(try desks.anna.customer(third)?.members == [first, third].sorted())
    #expect(try desks.anna.customer(second)?.members == [second])
    // Nothing to do counts as done.
    #expect(try desks.anna.splitCustomer(second).isEmpty)
  }

  @Test("Merged by one while the other says that they are two: merged, and the contradiction shows")
  func contradiction() throws {
    try desks.anna.mergeCustomers(first, second)
    try desks.bo.distinguishCustomers(first, second)
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      #expect(try desk.customer(first)?.members == [first, second])
      #expect(try desk.mergeContradictions(of: second).map { [$0.0, $0.1] } == [[first, second]])
    }
    try desks.anna.splitCustomer(first)
    try desks.sync()
    #expect(try desks.bo.mergeContradictions(of: first).isEmpty)
    #expect(try desks.bo.customer(first)?.members == [first])
  }

  @Test("An erased profile is one with nobody, and cannot be merged")
  func erased() throws {
    try desks.anna.mergeCustomers(first, second)
    var draft = Draft()
    draft.erase = true
    try desks.bo.store.commit(Edit(.entity(second), draft))
    try desks.sync()
    #expect(try desks.anna.customer(first)?.members == [first])
    #expect(try desks.anna.customer(second)?.isErased == true)
    #expect(throws: DeskError.self) { try desks.anna.mergeCustomers(first, second) }
    #expect(throws: DeskError.self) { try desks.anna.mergeCustomers(first, first) }
  }
}

/// Two agents edit memberships offline and at the same time.
@Suite struct OrganisationTests {
  @Test(
    "Memberships added at once all hold; one that is added while another takes it away holds; a merged member counts once"
  )
  func concurrent() throws {
    let desks = try TwoDesks()
    let customer = try desks.customer()
    let organisations = try ["Nord", "Syd"].map { try desks.anna.newOrganisation(name: $0).on }
    try desks.anna.join(customer, organisations[0])
    try desks.sync()
    try desks.anna.join(customer, organisations[1])
    try desks.bo.leave(customer, organisations[0])
    let twin = try desks.bo.newCustomer(name: "Maja Lind").on
    try desks.bo.join(twin, organisations[1])
    try desks.bo.setContract(organisations[1], "support", text: "4 hours", until: "2027-12-31")
    try desks.anna.setContract(organisations[1], "support", text: "8 hours")
    try desks.sync()
    #expect(try desks.agree())
    try desks.bo.mergeCustomers(customer, twin)
    for desk in [desks.bo, desks.bo] {
      #expect(try desk.organisation(organisations[0])?.members.isEmpty == true)
      let syd = try #require(try desk.organisation(organisations[1]))
      #expect(syd.members.map(\.id) == [[customer, twin].sorted()[0]])
      #expect(syd.conflicts.map(\.name) == ["contract.support"])
      #expect(syd.contracts.first?.field.heads.count == 2)
      let state = try #require(try desk.customer(customer)?.state)
      #expect(try desk.organisations(of: state).map(\.name) == ["Syd"])
    }
  }
}
