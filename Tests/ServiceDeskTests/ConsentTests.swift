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
