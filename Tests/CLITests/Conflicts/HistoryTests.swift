import Agent
import Causality
import Codec
import DeskSupport
import Merge
import ServiceDesk
import Storage
import TestSupport
import Testing

@Suite("History")
struct HistoryTests {
  /// Anna sets solved, bo sets open without knowing, carla's part is played by anna who settles it.
  private func world() throws -> (desks: TwoDesks, ticket: EntityID) {
    let desks = try TwoDesks()
    let (_, ticket) = try desks.ticket()
    try desks.anna.set(ticket, ["status": "solved"])
    try desks.anna.tag(ticket, ["leak"])
    desks.minutes(40)
    try desks.bo.set(ticket, ["status": "open"])
    try desks.bo.reply(ticket, channel: "phone", text: "Hello", direction: "in")
    try desks.sync()
    return (desks, ticket)
  }

  @Test("Order, old and new values, who knew whom")
  func steps() throws {
    let (desks, ticket) = try world()
    let history = try #require(try desks.bo.history(of: ticket))
    #expect(history.steps.map(\.by) == ["anna", "anna", "anna", "bo", "bo"])
    #expect(history.steps.map(\.position) == [2, 3, 4, 5, 6])
    #expect(history.steps.map(\.parallel.count) == [0, 0, 0, 2, 2])
    let bos = history.steps[3]
    #expect(bos.edits.map(\.field) == ["status"])
    #expect(bos.edits[0].value == JSONText("open"))
    #expect(bos.edits[0].replaced.map(\.value) == [JSONText("new")])
    let graph = HistoryGraph(history).lines
    #expect(graph.map(\.lanes) == ["*  ", "*  ", "*  ", "  X", "  X"])
    #expect(graph[4].unknown == [1, 2])
  }

  @Test("Blame names the author of each value and element; the other values too")
  func blame() throws {
    let (desks, ticket) = try world()
    let lines = Blame(try #require(try desks.anna.history(of: ticket))).lines
    let told = lines.map {
      "\($0.field.text) \($0.value.plain) \($0.step.by)\($0.isShown ? "" : " not shown")"
    }
    #expect(told.contains("status open bo"))
    #expect(told.contains("status solved anna not shown"))
    #expect(told.contains("tags leak anna"))
    #expect(told.contains("subject The tap leaks anna"))
  }

  @Test("An explanation says each step, and why the value is shown")
  func explain() throws {
    let (desks, ticket) = try world()
    let explanation = Explanation(try #require(try desks.anna.history(of: ticket)), "status") { _ in "then" }
    #expect(
      explanation.sentences == [
        "anna set it to \"new\" on then.",
        "anna set it to \"solved\" on then, in place of \"new\" by anna.",
        "bo set it to \"open\" on then, in place of \"new\" by anna, without knowing of \"solved\" by anna (it had merged up to "
          + "position 2).",
        "2 values are left, and none of their authors knew the others. \"open\" is shown, because of several the least finished "
          + "is shown, because a wrongly finished one harms more. Somebody has to settle it.",
      ])
    let conflict = try #require(try desks.anna.conflicts().conflicts.first { $0.field == "status" })
    try desks.anna.settle(conflict, .value(JSONText("pending")), note: "Waits for Lars")
    let after = Explanation(try #require(try desks.anna.history(of: ticket)), "status") { _ in "then" }
    #expect(after.sentences.suffix(2).first?.contains("because: Waits for Lars") == true)
    #expect(after.sentences.last == "Nothing replaced \"pending\", so it is shown.")
    #expect(
      Explanation(try #require(try desks.anna.history(of: ticket)), "nothing") { _ in "" }.sentences.count
        == 1)
  }

  @Test("Sets, logs and counters are explained as what they are")
  func otherKinds() throws {
    let desks = try TwoDesks()
    let (_, ticket) = try desks.ticket()
    var draft = Draft()
    draft.add["tags"] = ["urgent", "water"]
    try desks.anna.store.commit(Edit(.entity(ticket), draft))
    draft = Draft()
    draft.drop["tags"] = ["urgent"]
    draft.count["visits"] = 2
    try desks.anna.store.commit(Edit(.entity(ticket), draft))
    try desks.anna.reply(ticket, channel: "phone", text: "We come")
    let history = try #require(try desks.anna.history(of: ticket))
    func explain(_ field: ExactString) -> [String] { Explanation(history, field) { _ in "then" }.sentences }
    #expect(
      explain("tags") == [
        "anna put \"urgent\" in on then.", "anna put \"water\" in on then.",
        "anna took \"urgent\" out on then.",
        "It holds \"water\": what was put in, and not taken out by anybody who knew that it was.",
      ])
    #expect(explain("visits") == ["anna counted +2 on then.", "The steps add up to 2."])
    #expect(explain("timeline").last == "It has one entry: an entry is never replaced.")
    #expect(explain("timeline").first == "anna added \"We come\" on then.")
  }

  @Test("As it was at a position and a time, and what differs")
  func cuts() throws {
    let (desks, ticket) = try world()
    let early = try #require(try desks.anna.state(of: ticket, at: .position(3)))
    #expect(early.text("status") == "solved" && early.elements("tags").isEmpty)
    #expect(try desks.anna.state(of: ticket, at: .position(1)) == nil)
    let history = try #require(try desks.anna.history(of: ticket))
    let time = try #require(
      try desks.anna.state(of: ticket, at: .time(history.steps[2].effective.milliseconds)))
    #expect(time.elements("tags") == ["leak"] && time.changeCount == 3)
    let lines = StateDifference(early, try desks.anna.store.state(of: ticket)).lines
    #expect(lines.map(\.field) == ["status", "tags", "timeline"])
    #expect(lines[0].old == JSONText("solved"))
    #expect(lines[0].new == JSONText(array: [JSONText("open"), JSONText("solved")]))
    #expect(StateDifference(nil, nil).lines.isEmpty)
  }

  @Test("What a device knew is what its own store held, at each of its edits")
  func asKnownBy() throws {
    let desks = try TwoDesks()
    var (_, ticket) = try desks.ticket()
    var held: [(agent: String, at: UInt64, digest: String)] = []
    for round in 0..<30 {
      let desk = round % 3 == 1 ? desks.bo : desks.anna
      if round % 5 == 4 { ticket = try desk.newTicket(customer: nil, subject: "Ticket \(round)").on }
      // Also on a ticket that this device has not got yet.
      let change = try desk.store.commit(
        Edit(
          .entity(ticket),
          Draft(set: ["topic": "topic \(round)", "status": round % 2 == 0 ? "open" : "pending"])))
      held.append(
        (desk.store.configuration.agent, try #require(change).at.milliseconds, try desk.store.digest()))
      desks.minutes(3)
      if round % 4 == 3 { try desks.server.sync(desks.anna.store) }
      if round % 7 == 6 { try desks.sync() }
    }
    try desks.sync()
    let known = try desks.bo.knowledge(of: held.map { ($0.agent, $0.at) })
    let cuts = try known.map { try #require($0).least }
    #expect(try desks.bo.digests(at: cuts) == held.map(\.digest))
    // After a compaction, and on the other device, which knows its own syncs better, the same.
    try desks.anna.store.compact(all: true)
    let again = try desks.anna.knowledge(of: held.map { ($0.agent, $0.at) }).map { try #require($0).least }
    #expect(try desks.anna.digests(at: again) == held.map(\.digest))
    #expect(try desks.anna.knowledge(of: "carla", at: .max) == nil)
    #expect(try desks.anna.knowledge(of: "bo", at: 0) == nil)
  }

  @Test("Between two edits another device knows the bounds, the own one the truth")
  func bounds() throws {
    let desks = try TwoDesks()
    let (_, ticket) = try desks.ticket()
    try desks.bo.set(ticket, ["topic": "water"])
    desks.minutes(10)
    try desks.anna.set(ticket, ["team": "plumbing"])
    try desks.sync()
    desks.minutes(10)
    let between = desks.now
    desks.minutes(10)
    try desks.anna.set(ticket, ["team": "heating"])
    try desks.sync()
    try desks.bo.set(ticket, ["topic": "heat"])
    try desks.sync()
    let byAnna = try #require(try desks.anna.knowledge(of: "bo", at: between))
    #expect(byAnna.position == 2 && byAnna.most == 5 && !byAnna.isExact)
    let byBo = try #require(try desks.bo.knowledge(of: "bo", at: between))
    #expect(byBo.position == 4 && byBo.isExact)
  }

  @Test("Everything is the same before and after a compaction")
  func compaction() throws {
    let (desks, ticket) = try world()
    let conflict = try #require(try desks.anna.conflicts().conflicts.first { $0.field == "status" })
    try desks.bo.settle(conflict, .take(0), note: "so")
    try desks.sync()
    func told(_ desk: Desk) throws -> [String] {
      let history = try #require(try desk.history(of: ticket))
      var filter = ConflictFilter()
      filter.includesClosed = true
      return history.steps.map { "\($0)" } + Blame(history).lines.map { "\($0)" }
        + Explanation(history, "status") { "\($0)" }.sentences + HistoryGraph(history).lines.map { "\($0)" }
        + (try desk.conflicts(filter, limit: .max).conflicts.map(\.json.text))
        + (try desk.log(LogFilter(), limit: 3).map { "\($0)" })
        + [try desk.digest(at: .position(4)), try desk.digest(at: .time(.max))]
    }
    let before = try told(desks.anna)
    #expect(!before.isEmpty)
    try desks.anna.store.compact(all: true)
    #expect(desks.anna.store.runs.runs.count == 1)
    #expect(try told(desks.anna) == before)
    #expect(try told(Desk(desks.anna.store)) == before)
  }

  @Test("The log, newest first, with filters, from what is new and from runs")
  func log() throws {
    let (desks, ticket) = try world()
    try desks.anna.store.compact(all: true)
    try desks.anna.set(ticket, ["topic": "water"])
    func log(_ limit: Int = .max, _ change: (inout LogFilter) -> Void = { _ in }) throws -> [UInt64?] {
      var filter = LogFilter()
      change(&filter)
      return try desks.anna.log(filter, limit: limit).map(\.position)
    }
    #expect(try log() == [nil, 6, 5, 4, 3, 2, 1])
    #expect(try log(2) == [nil, 6])
    #expect(try log { $0.agent = "bo" } == [6, 5])
    #expect(try log { $0.field = "status" } == [5, 3, 2])
    #expect(try log { $0.type = "customer" } == [1])
    #expect(try log { $0.entity = ticket }.count == 6)
    #expect(try log { $0.since = .max }.isEmpty)
    #expect(try log { $0.until = 0 }.isEmpty)
  }

  @Test("The journal of syncs says with which one a change came")
  func arrivals() throws {
    let (desks, _) = try world()
    let journal = desks.anna.store.syncJournal
    #expect(journal.entries.map(\.last) == [2, 4, 6])
    #expect(journal.arrival(of: 5)?.last == 6)
    #expect(journal.arrival(of: 99) == nil)
    #expect(journal.position(at: 0) == nil)
    // A torn or strange line harms nobody.
    try desks.anna.store.disk.replace("syncs.jsonl", with: Array("{\"at\":1}\nrubbish\n{\"at".utf8))
    #expect(desks.anna.store.syncJournal.entries.isEmpty)
  }

  @Test("History and blame of one ticket read no part of the runs that holds only others")
  func locality() throws {
    let desks = try TwoDesks()
    let store = desks.anna.store
    var tickets: [EntityID] = []
    for number in 0..<2400 {
      let text = String(repeating: "Ticket \(number) ", count: 40)
      tickets.append(try desks.anna.newTicket(customer: nil, subject: "Ticket \(number)", message: text).on)
    }
    try desks.sync()
    try store.compact(all: true)
    let run = try #require(store.runs.runs.first)
    let wanted = tickets[1200]
    let members = try run.members(of: wanted)
    #expect(run.index.memberCount >= 3 && members.count < run.index.memberCount)
    let told = try #require(try desks.anna.history(of: wanted)).steps.map { "\($0)" }
    var bytes = try #require(try store.disk.readAll(run.name.path))
    for member in 0..<run.index.memberCount where !members.contains(member) {
      for place in try run.range(member) { bytes[place] = 0 }
    }
    try store.disk.replace(run.name.path, with: bytes)
    let reopened = Desk(
      try Store(disk: store.disk, root: "anna", .reading, environment: Environment.system))
    let history = try #require(try reopened.history(of: wanted))
    #expect(history.steps.map { "\($0)" } == told)
    #expect(!Blame(history).lines.isEmpty)
    #expect(throws: StorageError.self) { try reopened.store.digest() }
  }
}
