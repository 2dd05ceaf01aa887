import Agent
import Causality
import Codec
import DeskSupport
import Merge
import ServiceDesk
import Storage
import TestSupport
import Testing

/// The inbox in step with the store: whatever happens in whatever order, it is what a survey of all changes finds.
@Suite("The inbox in step")
struct InboxTests {
  @Test(
    "Over random work of two agents, with syncs and compactions in between",
    // The last three erase what they had edited before either was sent.
    arguments: Array(1...12) + [43, 54, 75] as [UInt64])
  func random(_ seed: UInt64) throws { try work(seed) }

  @Test("Over random work in which tickets are merged and unmerged", arguments: Array(1...12) as [UInt64])
  func merging(_ seed: UInt64) throws { try work(seed, isMerging: true) }

  @Test(
    "Over random work in which tickets are merged, unmerged and erased", arguments: Array(1...32) as [UInt64])
  func erasing(_ seed: UInt64) throws { try work(seed, isMerging: true, isErasing: true) }

  /// Merges, syncs, erasures, and what makes that a ticket which is erased had a part in what is told of another one.
  private static let crossing = [17, 17, 19, 21, 21, 22, 22, 22]

  /// One solves a ticket while the customer writes to the other, and both know when one answers; each on any ticket that is one
  /// with it.
  private func cross(_ ticket: EntityID, _ desks: TwoDesks, _ generator: inout SeededGenerator) throws {
    try desks.sync()
    guard try desks.bo.store.state(of: ticket)?.isErased == false else { return }
    let members = try desks.anna.members(of: ticket)
    try desks.anna.set(members[0], ["status": "solved"])
    try desks.bo.reply(generator.pick(members), channel: "phone", text: "Hello?", direction: "in")
    try desks.sync()
    try desks.bo.reply(generator.pick(members), channel: "phone", text: "We call you")
    try desks.sync()
  }

  private func work(_ seed: UInt64, isMerging: Bool = false, isErasing: Bool = false) throws {
    var generator = SeededGenerator(seed: seed)
    let desks = try TwoDesks(agentRun: 10, seed: seed)
    var customers: [EntityID] = []
    var tickets: [EntityID] = []
    for number in 0..<3 {
      customers.append(
        try desks.anna.newCustomer(name: "Customer \(number)", emails: ["\(number)@example.org"]).on)
      tickets.append(try desks.anna.newTicket(customer: customers[number], subject: "Ticket \(number)").on)
    }
    try desks.sync()
    for _ in 0..<60 {
      let desk = generator.oneIn(2) ? desks.anna : desks.bo
      // On what was erased nothing can be written any more, as far as a device knows.
      let alive = try customers.filter { try desk.store.state(of: $0)?.isErased != true }
      let known = try isErasing ? tickets.filter { try desk.store.state(of: $0)?.isErased == false } : tickets
      guard !alive.isEmpty, !known.isEmpty else { break }
      let ticket = generator.pick(known)
      let customer = generator.pick(alive)
      desks.minutes(UInt64(generator.int(0...30)))
      let isCrossing = isErasing && !generator.oneIn(4)
      switch isCrossing ? generator.pick(Self.crossing) : generator.int(0...(isMerging ? 20 : 18)) {
      case 0...2: try desk.set(ticket, ["status": generator.pick(["open", "solved", "closed", "pending"])])
      case 3: try desk.set(ticket, ["assignee": desk.store.configuration.agent])
      case 4: try desk.reply(ticket, channel: "phone", text: "A message", direction: "in")
      case 5:
        try desk.reply(
          ticket, channel: "email", text: "A reply", more: [("facts", JSONText(array: [JSONText("size")]))])
      case 6: try desk.set(customer, ["fact.size": "\(generator.int(40...44))"])
      case 7: try desk.set(customer, ["consent.contact": generator.pick(["withdrawn", "granted"])])
      case 8:
        try desk.store.commit(
          Edit(.new(type: "promise"), Draft(set: ["ticket": "\(ticket)", "text": "Something"])))
      case 9: try desk.newCustomer(name: "Twin", emails: ["\(generator.int(0...4))@example.org"])
      case 16:
        var draft = Draft()
        let email = [ExactString("\(generator.int(0...4))@example.org")]
        if generator.oneIn(2) { draft.add["emails"] = email } else { draft.drop["emails"] = email }
        try desk.store.commit(Edit(.entity(customer), draft))
      case 13: _ = try? desk.mergeCustomers(customer, generator.pick(customers))
      case 14: _ = try? desk.splitCustomer(customer)
      case 17 where isMerging: _ = try? desk.merge(ticket, generator.pick(known), anyway: true)
      case 21:
        // All is in the file, so that only the erasure leads to what has to be looked at again.
        _ = try desk.openConflictCount()
        try desk.store.compact(all: true)
        var draft = Draft()
        draft.erase = true
        try desk.store.commit(Edit(.entity(generator.oneIn(3) ? ticket : known.max() ?? ticket), draft))
        try check(desk)
        for _ in 0..<2 { tickets.append(try desk.newTicket(customer: customer, subject: "Another").on) }
      case 22: try cross(ticket, desks, &generator)
      case 18 where isMerging: _ = try? desk.unmerge(ticket)
      case 15:
        if generator.oneIn(8) {
          var draft = Draft()
          draft.erase = true
          try desk.store.commit(Edit(.entity(customer), draft))
        } else {
          _ = try? desk.distinguishCustomers(customer, generator.pick(customers))
        }
      case 10: try desk.set(customer, ["name": "Name \(generator.int(0...3))"])
      case 11:
        if let conflict = try desk.conflicts(limit: 1).conflicts.first {
          // What is about something erased cannot be settled on it.
          _ = try? desk.settle(conflict, conflict.field == nil ? .done : .take(0), note: "so")
        }
      case 12:
        var filter = ConflictFilter()
        filter.includesClosed = true
        // A field that was changed meanwhile is not brought back.
        if let settled = try desk.conflicts(filter, limit: .max).conflicts.first(where: {
          $0.state == .settled
        }) {
          _ = try? desk.unsettle(settled)
        }
      default: try desks.sync()
      }
      if generator.oneIn(9) { try desk.store.compact(all: generator.oneIn(3)) }
      if generator.oneIn(4) { try check(desk) }
    }
    try desks.sync()
    _ = try desks.open()
    try check(desks.anna)
    try check(desks.bo)
    // What is told of one entity alone is what the inbox has of it.
    var filter = ConflictFilter()
    filter.includesClosed = true
    let told = Dictionary(grouping: try desks.bo.conflicts(filter, limit: .max).conflicts, by: \.on)
    for (owner, conflicts) in told { #expect(try desks.bo.conflicts(of: owner) == conflicts) }
    try desks.anna.store.compact(all: true)
    _ = try desks.open()
    // What a page shows is what all of it begins with.
    let all = try desks.bo.conflicts(limit: .max).conflicts
    #expect(try desks.bo.conflicts(limit: 3).conflicts == Array(all.prefix(3)))
  }

  private func check(_ desk: Desk) throws {
    var filter = ConflictFilter()
    filter.includesClosed = true
    let kept = try desk.conflicts(filter, limit: .max).conflicts
    #expect(kept == (try desk.survey()))
    #expect(try desk.openConflictCount() == kept.count { $0.state == .open })
  }

  /// Of 70 entries not all are in the first page.
  @Test("A file that is damaged or gone is made anew", arguments: [1, 70])
  func damage(count: Int) throws {
    let desks = try TwoDesks()
    for _ in 0..<count {
      let (_, ticket) = try desks.ticket()
      try desks.anna.set(ticket, ["status": "solved"])
      try desks.bo.set(ticket, ["status": "open"])
    }
    try desks.sync()
    let open = try desks.anna.conflicts(limit: .max).conflicts
    #expect(open.count == count)
    let bytes = try #require(try desks.anna.store.disk.readAll("runs/conflicts"))
    for place in stride(from: 0, to: bytes.count, by: count == 1 ? 37 : 1999) {
      var damaged = bytes
      damaged[place] ^= 0x15
      try desks.anna.store.disk.replace("runs/conflicts", with: damaged)
      #expect(try Desk(desks.anna.store).conflicts(limit: .max).conflicts == open, "at byte \(place)")
    }
    for end in [0, 1, 511, 512, bytes.count - 1] {
      try desks.anna.store.disk.replace("runs/conflicts", with: Array(bytes[..<end]))
      #expect(try Desk(desks.anna.store).conflicts(limit: .max).conflicts == open, "cut at byte \(end)")
    }
    try desks.anna.store.disk.remove("runs/conflicts")
    #expect(try Desk(desks.anna.store).conflicts(limit: .max).conflicts == open)
  }

  /// With many, the inbox is made anew rather than looked at again.
  @Test("What a sync brings is told once, to those whose work it touches", arguments: [0, 200])
  func arrivals(others: Int) throws {
    let desks = try TwoDesks()
    let (_, ticket) = try desks.ticket()
    #expect(try desks.anna.newConflicts().isEmpty)
    #expect(try desks.bo.newConflicts().isEmpty)
    try desks.anna.set(ticket, ["status": "solved"])
    try desks.bo.set(ticket, ["status": "open"])
    for number in 0..<others {
      try desks.anna.newTicket(customer: nil, subject: "Ticket \(number)")
      try desks.bo.newTicket(customer: nil, subject: "Another \(number)")
    }
    try desks.server.sync(desks.anna.store)
    #expect(try desks.anna.newConflicts().isEmpty)
    try desks.server.sync(desks.bo.store)
    let news = try desks.bo.newConflicts()
    #expect(news.count == 1 && news[0].concerns("bo") && news[0].concerns("anna"))
    #expect(try desks.bo.newConflicts().isEmpty)
    try desks.server.sync(desks.anna.store)
    #expect(try desks.anna.newConflicts().map(\.id) == news.map(\.id))
  }

  /// Nobody asked between the first sync and the watch, so the file knows of neither conflict.
  @Test("What was there before somebody began to watch is no news")
  func watching() throws {
    let desks = try TwoDesks()
    let tickets = [try desks.ticket().ticket, try desks.ticket().ticket]
    #expect(try desks.bo.newConflicts().isEmpty)
    for ticket in tickets {
      try desks.anna.set(ticket, ["status": "solved"])
      try desks.server.sync(desks.anna.store)
      try desks.bo.set(ticket, ["status": "open"])
      if ticket == tickets[1] { try desks.bo.watchConflicts() }
      try desks.server.sync(desks.bo.store)
    }
    #expect(try desks.bo.newConflicts().map(\.on) == [tickets[1]])
    #expect(try desks.bo.newConflicts().isEmpty)
    #expect(try desks.bo.openConflictCount() == 2)
  }

  @Test("Filters")
  func filters() throws {
    let desks = try TwoDesks()
    let (customer, ticket) = try desks.ticket()
    let other = try desks.anna.newTicket(customer: nil, subject: "Another", team: "plumbing").on
    try desks.sync()
    for id in [ticket, other] {
      try desks.anna.set(id, ["status": "solved", "topic": "water"])
      try desks.bo.set(id, ["status": "open", "topic": "tap"])
    }
    try desks.sync()
    func count(_ change: (inout ConflictFilter) -> Void) throws -> Int {
      var filter = ConflictFilter()
      change(&filter)
      return try desks.bo.conflicts(filter).total
    }
    #expect(try count { _ in } == 4)
    #expect(try count { $0.field = "status" } == 2)
    #expect(try count { $0.team = "plumbing" } == 2)
    #expect(try count { $0.customer = customer } == 2)
    #expect(try count { $0.agent = "bo" } == 4)
    #expect(try count { $0.agent = "carla" } == 0)
    #expect(try count { $0.kinds = [.takenTwice] } == 0)
    #expect(try count { $0.on = other } == 2)
    #expect(try count { $0.since = .max } == 0)
    let (some, total) = try desks.bo.conflicts(ConflictFilter(), limit: 3)
    #expect(some.count == 3 && total == 4)
    #expect(some.first?.field == "status", "what harms most comes first")
  }
}
