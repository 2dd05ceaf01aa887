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
    #expect(
      try anna.meaning(of: "Maja Lint", limit: limit) == (limit > 0 ? .customer(customer, by: nil) : .nobody))
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
}
