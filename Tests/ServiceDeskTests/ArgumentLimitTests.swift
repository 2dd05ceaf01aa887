import Causality
import Codec
import DeskSupport
import Merge
import ServiceDesk
import Testing

@Suite("Arguments that make no sense end in an answer or an error")
struct ArgumentLimitTests {
  @Test("Limits below nothing and without end", arguments: [Int.min, -1, 0, .max])
  func limits(_ limit: Int) throws {
    let desks = try TwoDesks()
    let customer = try desks.customer()
    let ticket = try desks.ticket(customer)
    let count = limit > 0 ? 1 : 0
    let anna = desks.anna
    #expect(try anna.search("tap", limit: limit).count == count)
    #expect(try anna.brief(customer, contacts: limit).contacts.count == count)
    #expect(try anna.meaning(of: "Maja Lint", limit: limit) == .customer(customer, by: nil))
    #expect(try anna.queue(limit: limit).tickets.map(\.row.id) == (limit > 0 ? [ticket] : []))
    #expect(try anna.tickets(limit: limit).rows.count == count)
    #expect(try anna.findCustomers("Maja", limit: limit).count == count)
    #expect(try anna.conflicts(limit: limit).conflicts.isEmpty)
    #expect(try anna.promises(limit: limit).rows.isEmpty)
    #expect(try anna.triage(limit: limit).tickets.count <= 1)
    #expect(try anna.log(LogFilter(), limit: limit).count <= 8)
    #expect(try anna.duplicates(of: customer, limit: limit).isEmpty)
    #expect(try anna.organisations(limit: limit).rows.isEmpty)
    #expect(try anna.surveys(limit: limit).rows.isEmpty)
    #expect(try !anna.topics(weeks: limit).weeks.isEmpty)
  }

  @Test("Hours of other weeks, and times without end")
  func hours() throws {
    let zone = try #require(TimeZoneRule("CET-1CEST,M3.5.0,M10.5.0/3"))
    for week in [[], [[480..<1080]], Array(repeating: [Int.min..<Int.max], count: 9)] as [[[Range<Int>]]] {
      let hours = BusinessHours(week: week, closed: [.max, .min], zone: zone, zoneName: "x")
      for start in [0, 1 << 40, 1 << 48, UInt64.max - 1] {
        #expect(hours.between(start, .max) <= 3660 * 86_400_000)
        #expect(hours.time(.max, after: start) == nil)
        _ = hours.time(60_000, after: start)
        _ = hours.monday(of: start)
      }
      #expect(!hours.value.text.isEmpty)
      #expect(BusinessHours.text(ofDay: .max) == BusinessHours.text(ofDay: 1 << 40))
      _ = BusinessHours.text(ofDay: .min)
      _ = (hours.start(ofDay: .max), hours.start(ofDay: .min))
    }
    #expect([3600, 7200].contains(zone.offset(at: .max)))
    #expect([3600, 7200].contains(zone.offset(at: .min)))
    let monday = BusinessHours(week: [[480..<1080]], closed: [], zone: .utc, zoneName: "UTC")
    #expect(monday.between(0, 14 * 86_400_000) == 2 * 10 * 3_600_000)
  }

  @Test("A report without an end lists what happened")
  func report() throws {
    let desks = try TwoDesks()
    _ = try desks.ticket(try desks.customer())
    let report = try desks.anna.report(0..<UInt64.max)
    #expect(report.total != ReportFigures())
    #expect(report.weeks.count < 12_000)
    #expect(try desks.anna.report(UInt64.max - 1..<UInt64.max).weeks.isEmpty)
  }

  @Test("A setting that no device would read is refused, and what was set stays")
  func settings() throws {
    let desks = try TwoDesks()
    let anna = desks.anna
    let week = BusinessHours.standard.week
    try anna.setHours(BusinessHours(week: week, closed: [20_000], zone: .utc, zoneName: "UTC"))
    let bad: [(week: [[Range<Int>]], closed: Set<Int>)] = [
      ([[480..<1080]], []), (Array(repeating: [0..<3000], count: 7), []), (week, [Int.max]), (week, [-1]),
      (Array(repeating: [600..<700, 480..<500], count: 7), []), (Array(repeating: [-60..<60], count: 7), []),
    ]
    for (week, closed) in bad {
      #expect(throws: DeskError.self) {
        try anna.setHours(BusinessHours(week: week, closed: closed, zone: .utc, zoneName: "UTC"))
      }
    }
    #expect(try anna.settings().hours.closed == [20_000])
    try anna.setTarget(channel: "email", ResponseTarget(first: 60))
    for minutes in [-1, 0, ResponseTarget.maximum + 1, .max] {
      #expect(throws: DeskError.self) {
        try anna.setTarget(channel: "email", ResponseTarget(first: minutes))
      }
    }
    #expect(try anna.settings().target(channel: "email", priority: "normal").first == 60)
    for days in [-5, 0, 36_501] {
      #expect(throws: DeskError.self) { try anna.setChecklist("repair", adding: ["serial"], days: days) }
    }
    try anna.setChecklist("repair", adding: ["serial"], days: 30)
    #expect(try anna.settings().days("serial") == 30)
  }

  @Test("A contract's days, a fact's confidence and no value")
  func words() throws {
    let desks = try TwoDesks()
    let (anna, customer) = (desks.anna, try desks.customer())
    let company = try anna.newOrganisation(name: "Nord Bryggeri").on
    for (from, until) in [("tomorrow", nil), ("2026-02-30", nil), ("2026-02-02", "2026-01-01")] {
      #expect(throws: DeskError.self) {
        try anna.setContract(company, "support", text: "4 hours", from: from, until: until)
      }
    }
    try anna.setContract(company, "support", text: "4 hours", from: "2026-02-02", until: "2026-02-02")
    var fact = NewFact("floor", JSONText(3))
    fact.confidence = "certainly"
    #expect(throws: DeskError.self) { try anna.setFact(customer, fact) }
    let null = try JSONText(parsing: "null".utf8)
    #expect(throws: DeskError.self) { try anna.setFact(customer, NewFact("floor", null)) }
    #expect(try anna.factKeys(customer).isEmpty)
  }
}
