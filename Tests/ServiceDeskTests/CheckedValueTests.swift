import Agent
import Causality
import Codec
import DeskSupport
import Merge
import ServiceDesk
import Testing

@Suite("Values that would count as none are refused by the library, too")
struct CheckedValueTests {
  private func reason(_ body: () throws -> Change?) -> String {
    switch #expect(throws: (any Error).self, performing: { try body() }) {
    case DeskError.invalid(let reason)?, SettlingError.unfit(let reason)?: return reason
    case let other:
      Issue.record("\(String(describing: other))")
      return ""
    }
  }

  @Test("A field that means something takes its words, times and ids, and says which")
  func fields() throws {
    let desks = try TwoDesks()
    let (desk, customer) = (desks.anna, try desks.customer())
    let ticket = try desks.ticket(customer)
    let digest = try desk.store.digest()
    for (field, value, part) in [
      ("status", "Solved", "new, open, pending"), ("priority", "higher", "low, normal, high, urgent"),
      ("channel", "fax", "phone, email"), ("due", "tomorrow", "1970-01-01T00:00:00.000Z"),
      ("customer", "Ida", "id of a customer"), ("customer", ticket.description, "id of a customer"),
      ("subject", " ", "is empty"), ("tags", "vip", "any number of elements"),
      ("timeline", "x", "any number of elements"),
    ] as [(ExactString, String, String)] {
      #expect(reason { try desk.set(ticket, [field: value]) }.contains(part), "\(field)")
    }
    for (field, value) in [("phones", "+4599887766"), ("name", ""), ("channel", "fax"), ("same", "x")]
      as [(ExactString, String)]
    {
      #expect(reason { try desk.set(customer, [field: value]) }.contains("'\(field)'"), "\(field)")
    }
    #expect(throws: DeskError.self) { try desk.set(ticket, ["customer": "customer/zzzzzzzzzz.77"]) }
    #expect(try desk.store.digest() == digest)
    let due = HybridTime(milliseconds: desks.now + 60_000)
    try desk.set(
      ticket,
      ["status": " on-hold ", "due": due.description, "customer": customer.description, "serial": "Solved"])
    let shown = try #require(try desk.ticket(ticket))
    #expect(shown.status == "on-hold" && shown.state.text("due") == due.description)
    #expect(shown.state.text("serial") == "Solved" && shown.state.text("customer") == customer.description)
    try desk.set(ticket, ["due": nil, "subject": "Another"])
  }

  @Test("What settles a conflict is a value of its field; of a setting what its own call makes")
  func settling() throws {
    let desks = try TwoDesks()
    let ticket = try desks.ticket(try desks.customer())
    try desks.anna.set(ticket, ["status": "pending"])
    try desks.bo.set(ticket, ["status": "open"])
    try desks.anna.configure(Draft(set: [Vocabulary.country: "SE"]))
    try desks.bo.configure(Draft(set: [Vocabulary.country: "NO"]))
    try desks.sync()
    let desk = desks.anna
    let status = try #require(try desk.conflicts(of: ticket).first)
    for value in [JSONText(array: []), JSONText("Open"), JSONText(5)] {
      #expect(reason { try desk.settle(status, .value(value)) }.contains("'status'"))
    }
    try desk.settle(status, .value(JSONText(" on-hold")))
    #expect(try desk.ticket(ticket)?.status == "on-hold")
    let country = try #require(try desk.conflicts(of: Vocabulary.settingsID).first)
    #expect(reason { try desk.settle(country, .value(JSONText("Sweden"))) }.contains("two letters"))
    try desk.settle(country, .value(JSONText("dk")))
    #expect(try desk.country() == "DK")
  }

  @Test(
    "An answer that belongs in the profile is no fact of the customer; it is added where searches and gateways look"
  )
  func profile() throws {
    let desks = try TwoDesks()
    let (desk, customer) = (desks.anna, try desks.customer())
    let ticket = try desks.ticket(customer)
    for (key, field) in [
      ("phone", "phones"), ("E-mail", "emails"), ("address", "address.street"), ("zip", "postcode"),
    ] {
      let refusal = reason { try desk.setFact(customer, NewFact(key, JSONText("x"))).change }
      #expect(refusal.contains(field), "\(refusal)")
    }
    #expect(FactKey.profileField("Mobile") == "phones" && FactKey.profileField("shoe size") == nil)
    // Where to deliver this time is the ticket's.
    try desk.setFact(ticket, NewFact("address", JSONText("Storgatan 4")))
    try desk.add(["+45 99 88 77 66"], to: "phones", of: customer)
    #expect(try desk.add(["+45 99 88 77 66"], to: "phones", of: customer) == nil)
    #expect(try desk.findCustomers("+4599887766").map(\.customer.id) == [customer])
    try desk.drop(["+45 99 88 77 66"], from: "phones", of: customer)
    #expect(try desk.findCustomers("+4599887766").isEmpty)
    try desk.add(["sms"], to: Vocabulary.avoidedChannels, of: customer)
    #expect(try desk.brief(customer).avoided == ["sms"])
    for (elements, set, id) in [
      ([" "], "phones", customer), (["fax"], "avoid", customer), (["x"], "tags", customer),
      (["x"], "phones", ticket),
    ] as [([String], ExactString, EntityID)] {
      #expect(throws: DeskError.self) { try desk.add(elements, to: set, of: id) }
    }
  }
}
