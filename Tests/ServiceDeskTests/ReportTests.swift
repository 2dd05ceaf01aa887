import Agent
import Causality
import Codec
import DeskSupport
import Merge
import Storage
import TestSupport
import Testing

@testable import ServiceDesk

@Suite("Surveys and reports")
struct ReportTests {
  /// A time of the week of Monday, 16 November 2026.
  private func time(_ text: String) throws -> HybridTime {
    try #require(HybridTime("2026-11-\(text):00.000Z"))
  }

  private func week() throws -> Range<UInt64> {
    try time("16T00:00").milliseconds..<(try time("23T00:00").milliseconds)
  }

  private func say(
    _ desk: Desk, _ ticket: EntityID, _ direction: String, _ at: String, kind: String = "message",
    more: [(String, JSONText)] = []
  ) throws {
    var draft = Draft()
    let members = [
      ("kind", JSONText(kind)), ("channel", JSONText("phone")), ("direction", JSONText(direction)),
    ]
    draft.log["timeline"] = JSONText(object: members + more + [("text", JSONText("words"))])
    try desk.store.commit(Edit(.entity(ticket), draft, at: try time(at)))
  }

  private func set(_ desk: Desk, _ ticket: EntityID, _ status: String, _ at: String) throws {
    try desk.set(ticket, ["status": status], at: try time(at))
  }

  @Test("Every wait against its target, the effort, promises, questions and scores of one ticket")
  func oneTicket() throws {
    let desks = try TwoDesks()
    let desk = desks.anna
    let customer = try desk.newCustomer(name: "Maja", at: try time("16T08:30")).on
    let ticket = try desk.newTicket(
      customer: customer, subject: "Tap", channel: "phone", team: "plumbing", message: "It drips",
      at: try time("16T09:00")
    ).on
    // First answer: 5 minutes. Later ones: an hour. Solution: 40 hours.
    try say(desk, ticket, "out", "16T09:05")
    try say(desk, ticket, "in", "16T09:30")
    try say(desk, ticket, "in", "16T09:40")
    try say(desk, ticket, "out", "16T10:31")
    // The customer waits while we wait for the customer: time stands still.
    try set(desk, ticket, "pending", "16T11:00")
    try say(desk, ticket, "in", "17T09:00")
    try set(desk, ticket, "open", "17T15:00")
    try say(desk, ticket, "out", "17T15:59", kind: "call")
    var draft = Draft()
    draft.log["timeline"] = JSONText(object: [("kind", JSONText("transfer")), ("text", JSONText("why"))])
    try desk.store.commit(Edit(.entity(ticket), draft, at: try time("17T16:30")))
    try set(desk, ticket, "solved", "18T10:00")
    // Closing it later does not solve it later.
    try set(desk, ticket, "closed", "19T10:00")
    try desk.promise(
      "a call", to: customer, ticket: ticket, due: try time("18T12:00"), at: try time("16T09:05"))
    let kept = try #require(
      try desk.promise(
        "a visit", to: customer, ticket: ticket, due: try time("18T12:00"), at: try time("16T09:06")))
    try desk.settle(kept.on, as: "kept")
    try desk.survey(ticket, csat: 4, ces: 6, comment: "fine", given: try time("19T11:00"))
    let answers = try desk.answers(customer, ["shoe_size"])
    try desk.logQuestions(answers, of: customer, ticket: ticket)
    try desk.setFact(customer, NewFact("shoe_size", JSONText(38)))
    try desk.logQuestions(
      try desk.answers(customer, ["shoe_size"]), of: customer, ticket: ticket, channel: "email")
    try desk.logQuestions(
      try desk.answers(customer, ["shoe_size"]), of: customer, ticket: ticket, because: "to be sure")

    let report = try desk.report(try week(), now: try time("22T12:00").milliseconds)
    var expected = ReportFigures()
    (expected.opened, expected.solved) = (1, 1)
    expected.first.met = 1
    (expected.next.met, expected.next.missed) = (1, 1)
    expected.resolution.met = 1
    (expected.contacts, expected.transfers) = (2, 1)
    (expected.promises.kept, expected.promises.open, expected.promises.overdue) = (1, 1, 1)
    (expected.csat.answers, expected.csat.sum, expected.ces.answers, expected.ces.sum) = (1, 4, 1, 6)
    (expected.questions.asked, expected.questions.spared, expected.questions.again) = (1, 1, 1)
    #expect(report.total == expected)
    #expect(report.weeks.map(\.name) == ["2026-11-16"])
    #expect(report.teams.map(\.name) == ["plumbing"])
    #expect(report.channels.map(\.name) == ["email", "phone"])
    #expect(report.channels[0].figures.questions.spared == 1)
    let rate = try #require(report.total.repeatRate)
    #expect(rate == (1, 2))
    // Nothing of it is in the week before.
    let before = try time("09T00:00").milliseconds..<(try time("16T00:00").milliseconds)
    #expect(try desk.report(before).total == ReportFigures())
  }

  @Test(
    "Words of a customer that came when the ticket was finished already, and that nobody answered, are not answered",
    arguments: [false, true])
  func finishedBefore(isAnsweredOnce: Bool) throws {
    let desk = try TwoDesks().anna
    let ticket = try desk.newTicket(
      customer: nil, subject: "Tap", channel: "phone", at: try time("16T09:00")
    ).on
    if isAnsweredOnce {
      try say(desk, ticket, "in", "16T09:01")
      try say(desk, ticket, "out", "16T09:02")
    }
    try set(desk, ticket, "solved", "16T09:10")
    try say(desk, ticket, "in", "16T09:20")
    func waits(_ now: String) throws -> ReportFigures.Responses {
      let total = try desk.report(try week(), now: try time(now).milliseconds).total
      return isAnsweredOnce ? total.next : total.first
    }
    let soon = try waits("16T09:22")
    #expect((soon.met, soon.missed, soon.running) == (0, 0, 1))
    let late = try waits("18T12:00")
    #expect((late.met, late.missed, late.running) == (0, 1, 0))
  }

  @Test("The brief shows the survey that was given last, not the one that was written down last")
  func lateSurvey() throws {
    let desks = try TwoDesks()
    let customer = try desks.customer()
    let ticket = try desks.ticket(customer)
    try desks.anna.survey(ticket, csat: 5)
    let old = HybridTime(milliseconds: desks.now - 30 * 86_400_000)
    try desks.anna.survey(ticket, csat: 1, comment: "bad", given: old)
    let feedback = try #require(try desks.anna.brief(customer).feedback)
    #expect(feedback.csat == 5 && feedback.at > old)
  }

  @Test(
    "Two agents write down surveys of one ticket offline: both stay, both count, the brief shows the last")
  func twoSurveys() throws {
    let desks = try TwoDesks()
    let customer = try desks.customer()
    let ticket = try desks.ticket(customer)
    try desks.anna.survey(ticket, csat: 2, comment: "slow")
    try desks.bo.survey(ticket, csat: 5, ces: 7)
    try desks.sync()
    let now = desks.anna.store.environment.now() + 1000
    var reports: [Report] = []
    for desk in [desks.anna, desks.bo] {
      let rows = try desk.surveys(ticket: ticket).rows
      #expect(rows.map(\.csat) == [5, 2])
      #expect(try desk.surveys(customer: customer).total == 2)
      #expect(try desk.surveys().rows == rows)
      #expect(try desk.brief(customer).feedback?.csat == 5)
      let report = try desk.report(0..<now, now: now)
      #expect(report.total.csat.answers == 2 && report.total.csat.sum == 7)
      #expect(report.total.ces.answers == 1)
      reports.append(report)
    }
    #expect(reports[0] == reports[1])
    #expect(throws: DeskError.self) { try desks.anna.survey(ticket, csat: 6) }
    #expect(throws: DeskError.self) { try desks.anna.survey(ticket, ces: 0) }
    #expect(throws: DeskError.self) { try desks.anna.survey(ticket, comment: " ") }
    try desks.anna.store.compact(all: true)
    #expect(try desks.anna.surveys().rows.map(\.comment) == ["", "slow"])
  }

  @Test("Merged twins are one ticket with both timelines, and words that were split off count where they are")
  func mergedAndSplit() throws {
    let desks = try TwoDesks()
    let desk = desks.anna
    let customer = try desks.customer()
    let first = try desks.ticket(customer, "A")
    let second = try desks.ticket(customer, "B")
    let now = { desk.store.environment.now() + 1000 }
    #expect(try desk.report(0..<now()).total.opened == 2)
    #expect(try desk.report(0..<now()).total.first.running == 2)
    try desk.merge(first, second)
    var total = try desk.report(0..<now()).total
    #expect(total.opened == 1)
    #expect(total.first.running == 1)
    // The only words of a ticket go to another one: nobody waits in it any more.
    let third = try desks.ticket(customer, "C")
    let words = try #require(try desk.page(third).entries.first)
    try desk.split(third, subject: "D", entries: [words.entry.id])
    total = try desk.report(0..<now()).total
    #expect(total.opened == 3)
    #expect(total.first.running == 2)
    try desk.store.compact(all: true)
    #expect(try desk.report(0..<now()).total == total)
  }

  @Test(
    "Weeks, teams and channels add up to the whole, and compaction changes nothing",
    arguments: [1, 2, 3] as [UInt64])
  func sums(seed: UInt64) throws {
    var world = try DeskWorld(seed: seed)
    for _ in 0..<6 { try world.receive(40) }
    let store = try world.open(.writing)
    try world.work(store, 40)
    let desk = Desk(store)
    let end = store.environment.now() + 90_000_000
    let report = try desk.report(0..<end)
    #expect(report.total.opened > 0)
    for groups in [report.weeks, report.teams, report.channels] {
      #expect(groups.reduce(0) { $0 + $1.figures.opened } == report.total.opened)
      #expect(groups.reduce(0) { $0 + $1.figures.solved } == report.total.solved)
      #expect(groups.reduce(0) { $0 + $1.figures.resolution.met } == report.total.resolution.met)
      #expect(groups.reduce(0) { $0 + $1.figures.resolution.missed } == report.total.resolution.missed)
    }
    try store.compact(all: true)
    #expect(try Desk(store).report(0..<end, now: end) == desk.report(0..<end, now: end))
  }

  @Test("Weeks begin on Monday in the workspace's zone")
  func weeks() throws {
    let hours = BusinessHours(
      week: BusinessHours.standard.week, closed: [],
      zone: try #require(TimeZoneRule("CET-1CEST,M3.5.0,M10.5.0/3")),
      zoneName: "Europe/Stockholm")
    let sunday = try time("15T22:59").milliseconds
    #expect(BusinessHours.text(ofDay: hours.monday(of: sunday)) == "2026-11-09")
    #expect(BusinessHours.text(ofDay: hours.monday(of: sunday + 60_000)) == "2026-11-16")
    #expect(hours.start(ofDay: hours.monday(of: sunday + 60_000)) == sunday + 60_000)
  }
}
