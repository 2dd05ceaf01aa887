import Agent
import Causality
import Codec
import Merge
import Storage
import TestSupport
import Testing

@testable import ServiceDesk

/// What a desk says of a store, compared with folding everything.
struct PlainDesk {
  var tickets: [TicketRow] = []
  var customers: [CustomerRow] = []
  var customerStates: [EntityState] = []

  init(_ store: Store) throws {
    try store.forEachState { (state) throws(StorageError) in
      func word(_ field: ExactString) -> String { state.text(field) ?? "" }
      let ref = word("ref").isEmpty ? nil : word("ref")
      if state.id.type == "ticket", !state.isErased {
        tickets.append(
          TicketRow(
            id: state.id, ref: ref, subject: word("subject"), status: word("status"),
            priority: word("priority"),
            team: word("team"), assignee: word("assignee"), topic: "", channel: "",
            customer: EntityID(word("customer")),
            tags: state.elements("tags"), due: HybridTime(word("due"))?.milliseconds,
            created: state.firstAt.milliseconds,
            updated: state.lastAt.milliseconds, conflicts: state.conflicts.count, isErased: false))
      } else if state.id.type == "customer", !state.isErased {
        customerStates.append(state)
        customers.append(
          CustomerRow(
            id: state.id, ref: ref, name: word("name"), language: "", country: "",
            tags: state.elements("tags"),
            created: state.firstAt.milliseconds, updated: state.lastAt.milliseconds,
            conflicts: state.conflicts.count,
            isErased: false))
      }
    }
    let names = Dictionary(uniqueKeysWithValues: customers.map { ($0.id, $0.name) })
    for index in tickets.indices {
      tickets[index].customerName = tickets[index].customer.flatMap { names[$0] }
    }
  }

  func tickets(_ filter: TicketFilter) -> [TicketRow] {
    let found = tickets.filter { row in
      switch filter.status {
      case .open: if ["solved", "closed"].contains(row.status) { return false }
      case .all: break
      case .any(let statuses): if !statuses.contains(row.status) { return false }
      }
      if let text = filter.text {
        let words = TextFolding.words(text)
        let subject = TextFolding.words(row.subject)
        guard row.ref == text || !words.isEmpty && words.allSatisfy(subject.contains) else { return false }
      }
      return filter.assignee.map { $0 == row.assignee } ?? true && filter.team.map { $0 == row.team } ?? true
        && filter.priority.map { $0 == row.priority } ?? true && filter.tag.map(row.tags.contains) ?? true
        && filter.customer.map { $0 == row.customer } ?? true && row.updated >= filter.updatedSince ?? 0
    }
    return found.sorted { left, right in
      if filter.order == .due, left.due != right.due { return left.due ?? .max < right.due ?? .max }
      return left.updated == right.updated ? left.id < right.id : left.updated > right.updated
    }
  }
}

@Suite struct DeskTests {
  private static func filters(_ world: inout DeskWorld, _ plain: PlainDesk) -> [TicketFilter] {
    var filters = [TicketFilter()]
    for _ in 0..<12 {
      var filter = TicketFilter()
      filter.status = world.generator.pick([.open, .all, .any(["open", "parked 7"]), .any(["nothing"])])
      switch world.generator.int(0...8) {
      case 0: filter.assignee = world.generator.pick(DeskWorld.people)
      case 1: filter.team = world.generator.pick(["team 1", "team 2", ""])
      case 2: filter.priority = "high"
      case 3: filter.tag = world.generator.pick(["vip", "a \"b\"", "none"])
      case 4: filter.customer = world.customers.isEmpty ? nil : world.generator.pick(world.customers)
      case 5: filter.updatedSince = plain.tickets.isEmpty ? 1 : world.generator.pick(plain.tickets).updated
      case 6:
        filter.text = world.generator.pick(["tap", "TAP urgent", "TROPFELT", "lober", "INC0007", "", "…"])
      default: filter.order = .due
      }
      filters.append(filter)
    }
    return filters
  }

  private static func check(_ desk: Desk, _ world: inout DeskWorld) throws {
    let plain = try PlainDesk(desk.store)
    for filter in filters(&world, plain) {
      let expected = plain.tickets(filter)
      let limit = world.generator.pick([0, 1, 3, 1000, .max])
      let found = try desk.tickets(filter, limit: limit)
      #expect(found.rows == Array(expected.prefix(limit)))
      #expect(found.total == expected.count)
    }
    let customers = plain.customers.sorted { ($1.updated, $0.id) < ($0.updated, $1.id) }
    #expect(try desk.customers(limit: 5).rows == Array(customers.prefix(5)))
    #expect(try desk.customers(limit: 5).total == customers.count)
    for state in plain.customerStates {
      let id = state.id
      let points = state.elements("emails") + state.elements("handles") + state.elements("phones")
      for point in points where !["911", "not an address"].contains(point) {
        #expect(try desk.findCustomers(point, limit: 1000).contains { $0.customer.id == id }, "\(point)")
      }
      if let name = state.text("name"), !name.isEmpty {
        #expect(
          try desk.findCustomers(name.uppercased(), limit: 1000).contains { $0.customer.id == id }, "\(name)")
      }
      var open = TicketFilter()
      open.customer = id
      #expect(try desk.customer(id)?.openTickets == plain.tickets(open))
      #expect(try desk.resolve(desk.shortID(id), type: "customer") == id)
    }
    for ref in ["K1", "K5", "INC0003", "INC00012"] { try check(ref, desk) }
  }

  /// A `ref` names what has it.
  private static func check(_ ref: String, _ desk: Desk) throws {
    var expected: [EntityID] = []
    try desk.store.forEachState { (state) throws(StorageError) in
      if state.registers["ref"]?.heads.contains(where: { $0.value.plain == ref }) == true {
        expected.append(state.id)
      }
    }
    let resolved: EntityID
    do throws(DeskError) {
      resolved = try desk.resolve(ref)
    } catch {
      switch error {
      case .ambiguous(_, let candidates):
        #expect(candidates.map(\.id) == Array(expected.prefix(20)))
        #expect(expected.count > 1)
      case .notFound: #expect(expected.isEmpty)
      case .storage(let error): throw error
      case .secret, .invalid: Issue.record("\(error)")
      }
      return
    }
    #expect([resolved] == expected)
  }

  @Test(arguments: 0..<8 as Range<UInt64>)
  func answersAreWhatFoldingEverythingGives(seed: UInt64) throws {
    var world = try DeskWorld(seed: seed)
    for step in 0..<6 {
      try world.receive(world.generator.int(1...30))
      if world.generator.oneIn(2) {
        let store = try world.open(.writing)
        let desk = Desk(store)
        try world.work(store, world.generator.int(1...8))
        try Self.check(desk, &world)
        try world.work(store, 1)
        try Self.check(desk, &world)
        // With a desk there, compaction keeps the tables in step.
        if world.generator.oneIn(2) {
          try store.compact(all: world.generator.oneIn(4))
          try Self.check(desk, &world)
          try world.work(store, world.generator.int(1...20))
          try store.compact()
          try Self.check(desk, &world)
        }
      }
      if world.generator.oneIn(2) { try world.makeRun(mergingAll: world.generator.oneIn(4)) }
      if step == 4 {
        for name in try world.disk.list("runs") where !name.hasSuffix(".jsonl.gz") {
          try world.disk.remove("runs/\(name)")
        }
      }
      try Self.check(Desk(world.open()), &world)
    }
  }

  @Test(arguments: 0..<3 as Range<UInt64>)
  func damagedTablesAreMadeAnewWhileAnswering(seed: UInt64) throws {
    var world = try DeskWorld(seed: 100 + seed)
    try world.receive(60)
    try world.makeRun(mergingAll: false)
    try world.receive(20)
    try Self.check(Desk(world.open()), &world)
    for _ in 0..<25 {
      for name in try world.disk.list("runs") where name.hasSuffix(".table") || name.hasSuffix(".rows") {
        var bytes = try #require(try world.disk.readAll("runs/\(name)"))
        guard world.generator.oneIn(2), !bytes.isEmpty else { continue }
        if world.generator.oneIn(4) {
          bytes.removeLast(world.generator.int(0...bytes.count))
        } else {
          bytes[world.generator.int(0...bytes.count - 1)] ^= UInt8(world.generator.int(1...255))
        }
        try world.disk.open("runs/\(name)", .replace).append(bytes.span)
      }
      try Self.check(Desk(world.open()), &world)
    }
  }

  @Test func compactionKeepsTablesInStepWhileADeskIsThere() throws {
    var world = try DeskWorld(seed: 5)
    let store = try world.open(.writing)
    let desk = Desk(store)
    try world.work(store, 80)
    _ = try desk.tickets()
    try store.compact(all: true)
    let run = "1-\(store.position)"
    #expect(try world.disk.list("runs").sorted() == ["\(run).index", "\(run).jsonl.gz", "\(run).table"])
    try world.work(store, 30)
    _ = try desk.tickets()
    try store.compact(all: true)
    #expect(try world.disk.list("runs").contains("1-\(store.position).table"))
    try Self.check(desk, &world)
    try Self.check(Desk(world.open()), &world)
  }

  @Test func everyDeskOfAStoreSeesEveryEdit() throws {
    var world = try DeskWorld(seed: 7)
    let store = try world.open(.writing)
    let desks = [Desk(store), Desk(store)]
    for _ in 0..<15 {
      try world.work(store, 2)
      for desk in desks { try Self.check(desk, &world) }
    }
    world.disk.faults.failsOneIn = 1
    #expect(throws: DeskError.self) {
      try desks[1].newCustomer(name: "Never Stored", phones: ["+45 55 55 55 55"])
    }
    world.disk.faults.failsOneIn = nil
    for desk in desks { #expect(try desk.findCustomers("55555555").isEmpty) }
    for desk in desks { try Self.check(desk, &world) }
  }

  @Test func aFullDiskOnlyMakesItSlower() throws {
    var world = try DeskWorld(seed: 6)
    try world.receive(50)
    try world.makeRun(mergingAll: true)
    try world.receive(10)
    world.disk.faults.isFull = true
    try Self.check(Desk(world.open()), &world)
    #expect(try !world.disk.list("runs").contains { $0.hasSuffix(".table") })
  }
}
