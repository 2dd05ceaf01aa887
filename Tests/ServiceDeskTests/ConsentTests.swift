import Agent
import Causality
import Codec
import DeskSupport
import Merge
import Testing

@testable import ServiceDesk

@Suite("Consent")
struct ConsentTests {
  @Test(
    "Of a grant and a withdrawal at the same time the withdrawal counts, whichever is later",
    arguments: [true, false])
  func concurrent(grantIsLater: Bool) throws {
    let desks = try TwoDesks()
    let customer = try desks.customer()
    if grantIsLater {
      try desks.anna.setConsent(customer, "marketing", isGranted: false, channel: "phone")
      try desks.bo.setConsent(customer, "marketing", isGranted: true)
    } else {
      try desks.bo.setConsent(customer, "marketing", isGranted: true)
      try desks.anna.setConsent(customer, "marketing", isGranted: false, channel: "phone")
    }
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      let answer = try desk.consents(customer).answer("marketing")
      #expect(!answer.isGranted)
      #expect(answer.head?.by == "anna")
      #expect(answer.channel == "phone")
      // The rule answers it, so nobody is asked to settle it.
      #expect(try desk.customer(customer)?.conflicts.isEmpty == true)
    }
    // Who knows of the withdrawal can write down that the customer changed her mind.
    try desks.bo.setConsent(customer, "marketing", isGranted: true)
    try desks.sync()
    #expect(try desks.anna.consents(customer).allows("marketing"))
  }

  @Test("A second withdrawal counts against a grant that knew only the first")
  func secondWithdrawal() throws {
    let desks = try TwoDesks()
    let customer = try desks.customer()
    try desks.anna.setConsent(customer, "marketing", isGranted: false, channel: "phone")
    try desks.sync()
    try desks.bo.setConsent(customer, "marketing", isGranted: true)
    try desks.anna.setConsent(customer, "marketing", isGranted: false, channel: "phone")
    try desks.sync()
    for desk in [desks.anna, desks.bo] { #expect(try !desk.consents(customer).allows("marketing")) }
  }

  @Test("A conflict about a fact says nothing of it while there is no consent to its purpose")
  func conflictsAreWithheld() throws {
    let desks = try TwoDesks()
    let customer = try desks.customer()
    try desks.anna.setConsent(customer, "analytics", isGranted: true)
    try desks.sync()
    for (desk, income) in [(desks.anna, "quite high"), (desks.bo, "quite low")] {
      var fact = NewFact("income", JSONText(income))
      fact.purpose = "analytics"
      try desk.setFact(customer, fact)
    }
    try desks.sync()
    let open = try #require(try desks.bo.conflicts().conflicts.first)
    #expect(!open.isWithheld && open.json.text.contains("quite high"))
    try desks.anna.setConsent(customer, "analytics", isGranted: false)
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      let listed = try desk.conflicts().conflicts
      let all = try desk.conflicts(of: customer) + listed + [desk.conflict(open.id)]
      #expect(listed.count == 1 && all.filter { $0.id == open.id }.count == 3)
      for conflict in all where conflict.id == open.id {
        #expect(conflict.isWithheld && conflict.state == .open && conflict.sides.count == 2)
        #expect(!conflict.json.text.contains("quite") && conflict.json["withheld"]?.bool == true)
      }
    }
    // Nobody can choose what nobody may look at; a new answer keeps what the fact is for.
    let withheld = try desks.bo.conflict(open.id)
    #expect(throws: SettlingError.self) { try desks.bo.settle(withheld, .take(0)) }
    try desks.bo.settle(withheld, .value(JSONText("none")))
    try desks.sync()
    let state = try #require(try desks.anna.store.state(of: customer))
    #expect(state.shown("fact.income")?.value["purpose"]?.string == "analytics")
    #expect(try desks.anna.conflicts().total == 0)
    #expect(try desks.anna.conflict(open.id).json.text.contains("none") == false)
  }

  @Test("An answer by an outdated fact is withheld too")
  func outdatedAnswersAreWithheld() throws {
    let desks = try TwoDesks()
    let customer = try desks.customer()
    let ticket = try desks.ticket(customer)
    try desks.bo.setFact(customer, NewFact("floor", JSONText("the ninth")))
    var answer = Draft()
    answer.log["timeline"] = try JSONText(
      parsing: Array(#"{"kind":"message","direction":"out","text":"We come up","facts":["floor"]}"#.utf8))
    try desks.anna.store.commit(Edit(.entity(ticket), answer))
    try desks.sync()
    let stale = try #require(try desks.anna.conflicts().conflicts.first { $0.kind == .staleFact })
    #expect(stale.json.text.contains("ninth"))
    try desks.bo.setConsent(customer, "service", isGranted: false)
    try desks.sync()
    let withheld = try #require(try desks.anna.conflicts().conflicts.first { $0.kind == .staleFact })
    #expect(withheld.isWithheld && !withheld.json.text.contains("ninth"))
  }

  @Test("Withdrawn hides the facts of that purpose, on the other device too, and a ticket's facts")
  func hidden() throws {
    let desks = try TwoDesks()
    let customer = try desks.customer()
    try desks.anna.setConsent(customer, "analytics", isGranted: true)
    var fact = NewFact("income", JSONText("high"))
    fact.purpose = "analytics"
    try desks.anna.setFact(customer, fact)
    try desks.anna.setFact(customer, NewFact("size", JSONText("38")))
    try desks.sync()
    let before = try desks.bo.shown(try #require(try desks.bo.customer(customer)))
    #expect(before.view.facts.map(\.key) == ["income", "size"])
    try desks.anna.setConsent(customer, "analytics", isGranted: false)
    try desks.sync()
    let after = try desks.bo.shown(try #require(try desks.bo.customer(customer)))
    #expect(after.view.facts.map(\.key) == ["size"])
    #expect(after.hidden == 1)
    #expect(try desks.bo.answers(customer, ["income"], for: "analytics").first?.state == .withdrawn)
    // It is the customer's, so the export of a person has it.
    let data = try desks.bo.personalData(customer)
    #expect(data.customer.registers["fact.income"] != nil)
    #expect(data.consents.first { $0.purpose == "analytics" }?.isGranted == false)
  }

  @Test("The export of a person has the tickets, and not those that went to another customer")
  func personalData() throws {
    let desks = try TwoDesks()
    let customer = try desks.customer()
    let other = try desks.customer("Bo Ek")
    let ticket = try desks.ticket(customer)
    let moved = try desks.ticket(customer, "Not hers")
    try desks.anna.set(moved, ["customer": other.description])
    let data = try desks.anna.personalData(customer)
    #expect(data.entities.map(\.id) == [ticket])
    #expect(Set(data.changes.map(\.change.on)) == [customer, ticket])
  }

  @Test("The export of a person has what names one of the tickets only, and nothing of a colleague's ticket")
  func personalDataOfTickets() throws {
    let desks = try TwoDesks()
    let customer = try desks.customer()
    let ticket = try desks.ticket(nil)
    let other = try desks.ticket(nil, "Not hers")
    let said = try #require(try desks.bo.survey(ticket, csat: 2, comment: "Slow")).on
    try desks.bo.survey(other, csat: 5)
    try desks.anna.set(ticket, ["customer": customer.description])
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      let data = try desk.personalData(customer)
      #expect(Set(data.entities.map(\.id)) == [ticket, said])
      #expect(Set(data.changes.map(\.change.on)) == [customer, ticket, said])
      // What is held is what would be erased.
      #expect(try Set(desk.erasurePlan(of: customer).others) == Set(data.entities.map(\.id)))
    }
  }

  @Test("A survey of another customer stays out of the export of whom the ticket went to")
  func personalDataOfOthers() throws {
    let desks = try TwoDesks()
    let customer = try desks.customer()
    let ticket = try desks.ticket(try desks.customer("Bo Ek"))
    try desks.bo.survey(ticket, csat: 1, comment: "Bo is not happy")
    try desks.sync()
    try desks.anna.set(ticket, ["customer": customer.description])
    #expect(try desks.anna.personalData(customer).entities.map(\.id) == [ticket])
  }

  @Test("Two agents define a purpose offline: one purpose, and a customer has to grant it")
  func purposes() throws {
    let desks = try TwoDesks()
    let customer = try desks.customer()
    try desks.anna.setPurpose("newsletter", isGrantedByDefault: nil, text: "Our letter")
    try desks.bo.setPurpose("newsletter", isGrantedByDefault: nil, text: "Our letter")
    try desks.sync()
    let settings = try desks.bo.settings()
    #expect(settings.purposes == ["service", "contact", "marketing", "analytics", "newsletter"])
    #expect(try !desks.bo.consents(customer).allows("newsletter"))
    #expect(try desks.bo.consents(customer).allows("contact"))
    #expect(throws: DeskError.self) {
      try desks.bo.setConsent(customer, "unheard", isGranted: true)
    }
  }
}
