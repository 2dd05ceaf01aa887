import Agent
import Causality
import ChangeCodec
import Codec
import Merge
import Storage
import TestSupport

/// One agent's store that several colleagues' edits reach, some of them concurrent, with compactions in between.
struct DeskWorld {
  let disk: MemoryDisk
  var generator: SeededGenerator
  private let replicas: [ReplicaID]
  private var sequences: [UInt64]
  /// For each colleague the position up to which they know the workspace.
  private var seen: [UInt64]
  private var history: [PlacedChange] = []
  private(set) var customers: [EntityID] = []
  private(set) var tickets: [EntityID] = []
  private let environment: Environment
  private let clock = VirtualClock()
  private var ownSequence: UInt64 = 0

  static let names = [
    "Åse Østergård", "Émile Brontë", "Jan de Vries", "Anna Jensen", "ANNA JENSEN", "Nguyễn Văn An",
    "Tom O’Brien", "",
  ]
  static let phones = [
    "+45 12 34 56 78", "12345678", "004512345678", "0612 345 678", "+31612345678", "211234", "911",
  ]
  static let emails = ["anna@example.org", "ANNA@EXAMPLE.ORG", "åse@bücher.example", "not an address"]
  static let subjects = ["The tap leaks", "Der Hahn tröpfelt", "TAP again, urgent", "løber ud", "Tap", ""]
  static let people = ["anna", "bo", "agent-07", ""]
  static let words = ["new", "open", "pending", "on-hold", "solved", "closed", "parked 7", "élan"]

  init(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    disk = MemoryDisk(generator.split())
    replicas = (0..<3).map { _ in ReplicaID(bits: generator.next()) }
    sequences = [0, 0, 0]
    seen = [0, 0, 0]
    var environment = NodeClock(clock).environment(generator.split())
    environment.sizes.agentRun = 12
    self.environment = environment
    self.generator = generator
    _ = try Store.make(disk: disk, root: "", agent: "me", environment: environment)
  }

  func open(_ access: Store.Access = .reading) throws -> Store {
    try Store(disk: disk, root: "", access, environment: environment)
  }

  /// A colleague's edits arrive.
  mutating func receive(_ count: Int) throws {
    let runs = try RunSet(disk)
    var log = try MirrorLog(disk: disk, after: runs.last, sum: runs.sum ?? 0, repairing: true)
    for _ in 0..<count {
      clock.advance(by: UInt64(generator.int(0...90_000)))
      let author = generator.int(0...2)
      if generator.oneIn(3) { seen[author] = UInt64(generator.int(Int(seen[author])...history.count)) }
      sequences[author] += 1
      let id = ChangeID(replicas[author], sequences[author])
      let (on, draft) = edit(id)
      let known = history.filter {
        $0.change.on == on && ($0.change.id.replica == id.replica || ($0.position ?? 0) <= seen[author])
      }
      let change = Change(
        id: id, at: HybridTime(milliseconds: clock.milliseconds + (generator.oneIn(15) ? 80_000_000 : 0)),
        seen: seen[author], by: generator.pick(Self.people) + "x", on: on,
        body: draft.body(over: known.isEmpty ? nil : Fold.state(of: on, known)))
      let block = Block(
        [change],
        placement: Placement(
          first: log.last + 1, stamp: clock.milliseconds,
          sum: Chain.next(log.sum, CollectionOfOne(change), stamp: clock.milliseconds)))
      try log.append([BlockMember([block], Deflater())])
      history += block.placed
    }
  }

  /// The log becomes a run, as compaction does it in a store that nobody asked for lists.
  mutating func makeRun(mergingAll: Bool) throws {
    let runs = try RunSet(disk)
    var log = try MirrorLog(disk: disk, after: runs.last, sum: runs.sum ?? 0, repairing: true)
    try runs.add(log.blocks.flatMap(\.placed), sum: log.sum)
    try log.clear()
    try runs.merge(all: mergingAll)
  }

  /// The agent's own edits.
  mutating func work(_ store: Store, _ count: Int) throws {
    for _ in 0..<count {
      clock.advance(by: UInt64(generator.int(0...90_000)))
      let next = ChangeID(store.replica, ownSequence + 1)
      let (on, draft) = edit(next)
      // On what was erased nothing is written any more.
      if store.isErased(on) { continue }
      if try store.commit(Edit(on.origin == next ? .new(type: on.type) : .entity(on), draft)) != nil {
        ownSequence += 1
      }
    }
  }

  /// An edit as somebody may make it: only of what was sent, or of what is this agent's own.
  private mutating func edit(_ id: ChangeID) -> (EntityID, Draft) {
    let isColleague = replicas.contains(id.replica)
    let tickets = tickets.filter { !isColleague || replicas.contains($0.origin.replica) }
    let customers = customers.filter { !isColleague || replicas.contains($0.origin.replica) }
    if customers.isEmpty || generator.oneIn(6), let id = EntityID(type: "customer", origin: id) {
      self.customers.append(id)
      return (id, customerDraft(isNew: true))
    }
    if tickets.isEmpty || generator.oneIn(4), let id = EntityID(type: "ticket", origin: id) {
      self.tickets.append(id)
      return (id, ticketDraft(isNew: true))
    }
    if generator.oneIn(80) {
      var draft = Draft()
      draft.erase = true
      return (generator.pick(tickets), draft)
    }
    return generator.oneIn(3)
      ? (generator.pick(customers), customerDraft(isNew: false))
      : (generator.pick(tickets), ticketDraft(isNew: false))
  }

  private mutating func customerDraft(isNew: Bool) -> Draft {
    var draft = Draft()
    if isNew || generator.oneIn(4) { draft.set["name"] = JSONText(generator.pick(Self.names)) }
    if generator.oneIn(3) { draft.add["phones"] = [ExactString(generator.pick(Self.phones))] }
    if generator.oneIn(3) { draft.add["emails"] = [ExactString(generator.pick(Self.emails))] }
    if generator.oneIn(4) { draft.add["handles"] = ["@Åse", "bo"] }
    if generator.oneIn(8) { draft.drop["phones"] = Self.phones.map { ExactString($0) } }
    if generator.oneIn(3) { draft.set["ref"] = JSONText("K\(generator.int(0...9))") }
    if generator.oneIn(4) { draft.set["fact.shoe_size"] = JSONText(generator.int(36...39)) }
    if generator.oneIn(6) { draft.clear.insert("name") }
    return draft
  }

  private mutating func ticketDraft(isNew: Bool) -> Draft {
    var draft = Draft()
    if isNew || generator.oneIn(6) { draft.set["subject"] = JSONText(generator.pick(Self.subjects)) }
    if isNew || generator.oneIn(8) {
      draft.set["customer"] =
        generator.oneIn(9) ? "someone" : JSONText(generator.pick(customers).description)
    }
    if isNew || generator.oneIn(2) { draft.set["status"] = JSONText(generator.pick(Self.words)) }
    if generator.oneIn(4) { draft.set["assignee"] = JSONText(generator.pick(Self.people)) }
    if generator.oneIn(5) { draft.set["team"] = JSONText("team \(generator.int(1...3))") }
    if generator.oneIn(5) { draft.set["priority"] = JSONText(generator.pick(["low", "high", "urgent"])) }
    if generator.oneIn(4) { draft.add["tags"] = [ExactString(generator.pick(["vip", "leak", "a \"b\""]))] }
    if generator.oneIn(6) { draft.drop["tags"] = ["vip"] }
    if generator.oneIn(5) { draft.set["ref"] = JSONText("INC000\(generator.int(0...20))") }
    if generator.oneIn(5) {
      draft.set["due"] = JSONText(
        HybridTime(milliseconds: clock.milliseconds + UInt64(generator.int(0...5)) * 3_600_000).description)
    }
    if generator.oneIn(2) { draft.log["timeline"] = JSONText(object: [("kind", "note"), ("text", "hm")]) }
    return draft
  }
}

extension JSONText: ExpressibleByStringLiteral {
  public init(stringLiteral value: String) { self.init(value) }
}
