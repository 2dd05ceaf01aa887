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
  @Test(
    "Two agents at random, with syncs and compactions between: the same everywhere",
    arguments: 0..<4 as Range<UInt64>)
  func same(seed: UInt64) throws {
    let desks = try TwoDesks(seed: seed)
    var shift = DeskWork(SeededGenerator(seed: seed))
    var sent: [String: Int] = [:]
    for round in 0..<6 {
      for desk in [desks.anna, desks.bo] { try shift.work(desk, pieces: 25) }
      if shift.generator.oneIn(2) { try desks.anna.store.compact(all: true) }
      if round % 2 == 1 { try desks.sync() }
    }
    try desks.sync()
    #expect(try desks.agree())
    let (anna, bo) = (desks.anna, desks.bo)
    let now = anna.store.environment.now() + 3_600_000
    #expect(try DeskWork.differences(anna, bo).isEmpty)
    #expect(try anna.report(0..<now, now: now).total.opened > 0)
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
