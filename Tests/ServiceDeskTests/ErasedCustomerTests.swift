import Agent
import Causality
import Codec
import DeskSupport
import Merge
import ServiceDesk
import Testing

@Suite("Nothing is kept of a customer who was erased, whichever call would")
struct ErasedCustomerTests {
  private func isRefused(_ error: (any Error)?) -> Bool {
    switch error {
    case DeskError.invalid(let reason)?, SettlingError.unfit(let reason)?: reason.contains("was erased")
    default: false
    }
  }

  @Test("A ticket is neither opened for one nor given to one, though a form was open while the erasure came")
  func tickets() throws {
    let desks = try TwoDesks()
    let (ida, bo) = (try desks.customer("Ida Holm"), try desks.customer("Bo Ek"))
    let ticket = try desks.ticket(bo)
    let promise = try #require(try desks.anna.promise("A call", to: bo)).on
    try desks.sync()
    try desks.bo.erase(try desks.bo.erasurePlan(of: ida))
    try desks.sync()
    let desk = desks.anna
    let digest = try desk.store.digest()
    let name = JSONText(ida.description)
    for edit in [
      { try desk.newTicket(customer: ida, subject: "Ida Holm wants her tap") },
      { try desk.newTicket(customer: nil, subject: "Her tap", fields: ["customer": name]) },
      { try desk.set(ticket, ["customer": ida.description]) },
      { try desk.set(promise, ["customer": ida.description]) },
      { try desk.promise("A visit", to: ida) },
    ] as [() throws -> Change?] {
      #expect(isRefused(#expect(throws: DeskError.self) { try edit() }))
    }
    #expect(try desk.store.digest() == digest)
    #expect(try desk.erasurePlan(of: ida).isEmpty)
  }

  @Test("A conflict about whose a ticket is cannot be settled by one as the value")
  func settling() throws {
    let desks = try TwoDesks()
    let (ida, bo) = (try desks.customer("Ida Holm"), try desks.customer("Bo Ek"))
    let ticket = try desks.ticket(try desks.customer())
    try desks.anna.set(ticket, ["customer": ida.description])
    try desks.bo.set(ticket, ["customer": bo.description])
    try desks.sync()
    try desks.bo.erase(try desks.bo.erasurePlan(of: ida))
    try desks.sync()
    let conflict = try #require(try desks.anna.conflicts(of: ticket).first { $0.field == "customer" })
    let refusal = #expect(throws: SettlingError.self) {
      try desks.anna.settle(conflict, .value(JSONText(ida.description)))
    }
    #expect(isRefused(refusal))
    try desks.anna.settle(conflict, .value(JSONText(bo.description)))
    #expect(try desks.anna.ticket(ticket)?.customer == bo)
  }
}
