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
}
