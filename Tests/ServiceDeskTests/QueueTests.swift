import Agent
import Causality
import Codec
import DeskSupport
import Merge
import TestSupport
import Testing

@testable import ServiceDesk

@Suite("Business hours")
struct BusinessHoursTests {
  /// Milliseconds since 1970 of a UTC time.
  static func time(_ text: String) throws -> UInt64 {
    try #require(HybridTime("\(text):00.000Z")).milliseconds
  }

  static let stockholm = TimeZoneRule("CET-1CEST,M3.5.0,M10.5.0/3")

  static func hours(_ closed: [String] = []) throws -> BusinessHours {
    BusinessHours(
      week: Array(repeating: [540..<720, 780..<1020], count: 5) + [[], []],
      closed: Set(closed.compactMap(BusinessHours.day)), zone: try #require(stockholm),
      zoneName: "Europe/Stockholm")
  }

  @Test("Offsets are those of the zone, also at the turns and south of the equator")
  func zones() throws {
    let zone = try #require(Self.stockholm)
    func offset(_ zone: TimeZoneRule, _ text: String) throws -> Int {
      zone.offset(at: Int(try Self.time(text) / 1000)) / 60
    }
    #expect(try offset(zone, "2026-01-15T12:00") == 60)
    #expect(try offset(zone, "2026-07-15T12:00") == 120)
    #expect(try offset(zone, "2026-03-29T00:59") == 60)
    #expect(try offset(zone, "2026-03-29T01:00") == 120)
    #expect(try offset(zone, "2026-10-25T00:59") == 120)
    #expect(try offset(zone, "2026-10-25T01:00") == 60)
    let sydney = try #require(TimeZoneRule("AEST-10AEDT,M10.1.0,M4.1.0/3"))
    #expect(try offset(sydney, "2026-01-15T12:00") == 660)
    #expect(try offset(sydney, "2026-07-15T12:00") == 600)
    let india = try #require(TimeZoneRule("IST-5:30"))
    #expect(try offset(india, "2026-07-15T12:00") == 330)
    #expect(try offset(try #require(TimeZoneRule("<-03>3")), "2026-07-15T12:00") == -180)
  }

  @Test(
    "What is no rule is none",
    arguments: ["", "CET", "CET-1CEST,M3.5.0", "C1", "CET-1CEST,M13.5.0,M1.1.1", "CET-1x"])
  func noRule(_ text: String) { #expect(TimeZoneRule(text) == nil) }

  @Test(
    "Time runs in the hours of the day only, over nights, weekends, holidays and the change to summer time")
  func running() throws {
    let hours = try Self.hours(["2026-12-24", "2026-12-25"])
    // A Friday in winter, 16:30 in Stockholm.
    let friday = try Self.time("2026-11-20T15:30")
    #expect(hours.time(3_600_000, after: friday) == (try Self.time("2026-11-23T08:30")))
    #expect(hours.between(friday, try Self.time("2026-11-23T08:30")) == 3_600_000)
    // Over midday.
    #expect(
      hours.time(3_600_000, after: try Self.time("2026-11-20T10:30")) == (try Self.time("2026-11-20T12:30")))
    // Over Christmas: Wednesday 16:30, then Monday.
    #expect(
      hours.time(3_600_000, after: try Self.time("2026-12-23T15:30")) == (try Self.time("2026-12-28T08:30")))
    // Friday before and Monday after the change to summer time.
    #expect(
      hours.time(3_600_000, after: try Self.time("2026-03-27T15:30")) == (try Self.time("2026-03-30T07:30")))
    #expect(hours.between(friday, friday) == 0)
    let never = BusinessHours(week: Array(repeating: [], count: 7), closed: [], zone: .utc, zoneName: "UTC")
    #expect(never.time(1, after: friday) == nil)
    #expect(never.between(friday, .max / 2) == 0)
  }

  @Test("Counting minute by minute gives the same", arguments: 0..<6)
  func counting(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let hours = try Self.hours(["2026-03-30"])
    // Around the change to summer time.
    let start = try Self.time("2026-03-26T00:00") + UInt64(generator.int(0...4000)) * 60_000
    let end = start + UInt64(generator.int(1...6000)) * 60_000
    var count: UInt64 = 0
    var minute = start
    while minute < end {
      if hours.between(minute, minute + 60_000) == 60_000 { count += 1 }
      minute += 60_000
    }
    #expect(hours.between(start, end) == count * 60_000)
    if count > 0, let time = hours.time(count * 60_000, after: start) {
      #expect(time <= end)
      #expect(hours.between(start, time) == count * 60_000)
    }
  }

  @Test("The setting is read as it was written; nonsense is not")
  func setting() throws {
    let hours = try Self.hours(["2026-12-24"])
    #expect(BusinessHours(hours.value) == hours)
    #expect(BusinessHours.spans(["09:00-08:00"]) == nil)
    #expect(BusinessHours.spans(["09:00-12:00", "11:00-13:00"]) == nil)
    #expect(BusinessHours.spans(["9-12"]) == nil)
    #expect(BusinessHours.spans(["00:00-24:00"]) == [0..<1440])
    #expect(BusinessHours.day("2026-02-29") == nil)
    #expect(BusinessHours(JSONText(object: [("week", JSONText(array: []))])) == nil)
  }
}

@Suite("The queue")
struct QueueTests {
  /// Two desks with a workspace that never closes.
  private func desks() throws -> TwoDesks {
    let desks = try TwoDesks()
    try desks.anna.setHours(
      BusinessHours(week: Array(repeating: [0..<1440], count: 7), closed: [], zone: .utc, zoneName: "UTC"))
    try desks.sync()
    return desks
  }

  private func message(_ text: String, _ direction: String, _ channel: String = "email") -> NewEntry {
    NewEntry("message", text, channel: channel, direction: direction)
  }

  @Test("What breaks first comes first; a pause stops time, and is given back")
  func order() throws {
    let desks = try desks()
    let customer = try desks.customer()
    let now = desks.anna.store.environment.now()
    let mail = try desks.anna.newTicket(
      customer: customer, subject: "Mail", channel: "email", message: "Hello"
    ).on
    let chat = try desks.anna.newTicket(
      customer: customer, subject: "Chat", channel: "chat", message: "Hello"
    ).on
    let quiet = try desks.anna.newTicket(customer: nil, subject: "Price lists").on
    let paused = try desks.anna.newTicket(
      customer: customer, subject: "Paused", channel: "chat", status: "pending", message: "Hello"
    ).on
    func ids(_ desk: Desk, limit: Int = 10) throws -> [EntityID] {
      try desk.queue(limit: limit).tickets.map(\.row.id)
    }
    #expect(try ids(desks.anna) == [chat, mail, quiet, paused])
    #expect(try ids(desks.anna, limit: 1) == [chat])
    #expect(try ids(desks.anna, limit: .max) == [chat, mail, quiet, paused])
    // Answered, the chat waits for no answer any more.
    try desks.anna.write(chat, message("Hello", "out", "chat"))
    #expect(try ids(desks.anna).first == mail)
    let first = try #require(try desks.anna.targets(chat).standings.first)
    #expect(first.kind == .first)
    #expect(first.done != nil && !first.isMissed(at: now))
    // The customer writes again: five minutes for the next answer.
    try desks.sync()
    try desks.bo.write(chat, message("Still there?", "in", "chat"))
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      #expect(try ids(desk).first == chat)
      #expect(try desk.targets(chat).next?.kind == .next)
    }
    try desks.anna.store.compact(all: true)
    #expect(try ids(desks.anna) == [chat, mail, quiet, paused])
  }

  @Test("One pauses the ticket while the other answers it: both count")
  func concurrent() throws {
    let desks = try desks()
    let ticket = try desks.anna.newTicket(
      customer: try desks.customer(), subject: "Mail", channel: "email", message: "Hello"
    ).on
    try desks.sync()
    try desks.anna.set(ticket, ["status": "pending"])
    try desks.bo.write(ticket, message("Hello", "out"))
    try desks.sync()
    for desk in [desks.anna, desks.bo] {
      let targets = try desk.targets(ticket)
      #expect(targets.isPaused)
      #expect(targets.standings.map(\.kind) == [.first, .resolution])
      #expect(targets.standings[0].done != nil)
    }
  }

  @Test(
    "A status that lost against one that was set at the same time neither stops time nor lets it run",
    arguments: [false, true], [false, true])
  func lostStatus(isPauseLost: Bool, isCompacted: Bool) throws {
    let desks = try desks()
    let ticket = try desks.anna.newTicket(
      customer: try desks.customer(), subject: "Mail", channel: "email", message: "Hello"
    ).on
    try desks.sync()
    // The least finished one is shown, whichever was set later.
    try desks.bo.set(ticket, ["status": isPauseLost ? "open" : "pending"])
    desks.minutes(5)
    try desks.anna.set(ticket, ["status": isPauseLost ? "pending" : "solved"])
    try desks.sync()
    desks.minutes(24 * 60)
    for desk in [desks.anna, desks.bo] {
      if isCompacted { try desk.store.compact(all: true) }
      let targets = try desk.targets(ticket)
      #expect(targets.isPaused == !isPauseLost)
      let first = try #require(targets.standings.first)
      #expect(first.kind == .first && first.done == nil)
      #expect(first.isMissed(at: desks.now) == isPauseLost)
      let report = try desk.report(0..<desks.now).total
      #expect(report.first.missed == (isPauseLost ? 1 : 0) && report.first.running == (isPauseLost ? 0 : 1))
    }
    // Who knew both ends it.
    try desks.anna.set(ticket, ["status": isPauseLost ? "pending" : "open"])
    #expect(try desks.anna.targets(ticket).isPaused == isPauseLost)
  }

  @Test("A pause moves the due time back by its business time")
  func pauses() throws {
    let desks = try desks()
    let ticket = try desks.anna.newTicket(
      customer: try desks.customer(), subject: "Mail", channel: "email", message: "Hello"
    ).on
    let created = try #require(try desks.anna.ticket(ticket)).created.milliseconds
    let hour: UInt64 = 3_600_000
    for (status, after) in [("pending", 1), ("open", 3), ("on-hold", 4), ("open", 5)] as [(String, UInt64)] {
      try desks.anna.set(
        ticket, ["status": status], at: HybridTime(milliseconds: created + after * hour))
    }
    let pauses = TicketTargets.Pauses(try desks.anna.store.changes(of: ticket), now: created + 20 * hour)
    #expect(pauses.spans == [created + hour..<created + 3 * hour, created + 4 * hour..<created + 5 * hour])
    #expect(!pauses.isOpen)
    let hours = try desks.anna.settings().hours
    #expect(pauses.due(6 * hour, after: created, hours, now: created + 20 * hour) == created + 9 * hour)
    #expect(pauses.due(hour / 2, after: created, hours, now: created + 20 * hour) == created + hour / 2)
  }

  @Test("A twin that was merged keeps its customer waiting in the queue")
  func merged() throws {
    let desks = try desks()
    let customer = try desks.customer()
    let tickets = try ["A", "B"].map {
      try desks.anna.newTicket(customer: customer, subject: $0, channel: "email", message: "Hello").on
    }.sorted()
    let calm = try desks.anna.newTicket(customer: customer, subject: "C", channel: "email", message: "Hello")
      .on
    for ticket in tickets { try desks.anna.write(ticket, message("Hello", "out")) }
    try desks.anna.merge(tickets[0], tickets[1])
    var again = message("And now?", "in")
    again.happened = HybridTime(milliseconds: desks.anna.store.environment.now() - 5 * 3_600_000)
    try desks.anna.write(tickets[1], again)
    let queue = try desks.anna.queue(limit: 5).tickets
    #expect(Set(queue.map(\.row.id)) == [tickets[0], calm])
    #expect(try desks.anna.queue(limit: 1).total == 2)
  }

  @Test("Targets of the workspace, of a channel and of a priority; two set them at once")
  func targets() throws {
    let desks = try desks()
    var target = ResponseTarget(first: 30, next: 60)
    try desks.anna.setTarget(channel: "email", target)
    target.first = 10
    try desks.bo.setTarget(channel: "email", priority: "urgent", target)
    try desks.sync()
    let settings = try desks.anna.settings()
    #expect(settings.target(channel: "email", priority: "low") == ResponseTarget(first: 30, next: 60))
    #expect(settings.target(channel: "email", priority: "urgent").first == 10)
    #expect(settings.target(channel: "phone", priority: "").first == 5)
    #expect(settings.target(channel: "chat", priority: "").first == 1)
    #expect(settings.target(channel: "social", priority: "").first == 60)
    #expect(settings.target(channel: "carrier pigeon", priority: "").first == 360)
    #expect(settings.ownTargets.map(\.name) == ["email", "email.urgent"])
  }

  @Test(
    "The first of the queue is the first, however little is asked for: a call written down late, a split-off mail",
    arguments: [false, true])
  func first(_ isCompacted: Bool) throws {
    let desks = try desks()
    let anna = desks.anna
    let customer = try desks.customer()
    let hour: UInt64 = 3_600_000
    func ago(_ hours: UInt64) -> HybridTime {
      HybridTime(milliseconds: anna.store.environment.now() - hours * hour)
    }
    func ticket() throws -> EntityID {
      try anna.newTicket(customer: customer, subject: "Mail", channel: "email").on
    }
    func mail(_ text: String, _ hours: UInt64) -> NewEntry {
      var entry = message(text, "in")
      entry.happened = ago(hours)
      return entry
    }
    // The mail came behind the call, which is written down last.
    let called = try ticket()
    try anna.write(called, mail("And now?", 5))
    var call = NewEntry("call", "Explained", channel: "phone", direction: "out")
    call.happened = ago(7)
    try anna.write(called, call)
    let source = try ticket()
    let moved = try #require(try anna.write(source, mail("Something else", 5)))
    try anna.write(source, mail("And now?", 2))
    let split = try #require(try anna.split(source, subject: "Else", entries: [moved.id])).on
    for _ in 0..<40 { try anna.write(try ticket(), mail("Hello", 3)) }
    if isCompacted { try anna.store.compact(all: true) }
    #expect(Set(try anna.queue(limit: 60).tickets.prefix(2).map(\.row.id)) == [called, split])
    #expect(Set(try anna.queue(limit: 2).tickets.map(\.row.id)) == [called, split])
  }

  @Test("A number that nobody can mean, written by another program, is no target and no term")
  func hugeNumbers() throws {
    let desks = try desks()
    let customer = try desks.customer()
    try desks.anna.newTicket(customer: customer, subject: "Call", channel: "phone", message: "Hello")
    var draft = Draft()
    let huge = 9_007_199_254_740_991
    draft.set["target.phone"] = JSONText(object: [("first", JSONText(huge)), ("resolution", JSONText(60))])
    draft.set["question.shoe"] = JSONText(object: [("days", JSONText(huge))])
    try desks.anna.configure(draft)
    let settings = try desks.anna.settings()
    #expect(settings.target(channel: "phone", priority: "") == ResponseTarget(resolution: 60))
    #expect(settings.days("shoe") == nil)
    #expect(try desks.anna.queue(limit: 5).tickets.count == 1)
    try desks.anna.setFact(customer, NewFact("shoe", JSONText("38")))
    #expect(try desks.anna.report(0..<desks.now).total.opened == 1)
  }
}
