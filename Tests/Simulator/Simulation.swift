import Agent
import Causality
import Codec
import DeskSupport
import Merge
import ServiceDesk
import Storage
import TestSupport

/// One run: agents, a server, a network, disks and clocks, all from one seed, on one thread.
///
/// First a storm, in which everybody edits and syncs while things go wrong; then everything works again, all sync
/// until nothing moves, and `checkEnd` says what must hold.
package final class Simulation {
  package let seed: UInt64
  package let plan: Plan
  /// What went wrong with the product; empty when all is well.
  package private(set) var failures: [String] = []
  /// What happened, when asked for.
  package private(set) var trace: [String] = []
  /// What was done how often, for reports.
  package private(set) var counts: [String: Int] = [:]

  var generator: SeededGenerator
  let clock = VirtualClock()
  let server: SimServer
  var agents: [SimAgent] = []
  var entities: [EntityID] = []
  var journal = Journal()
  var desks: DeskWork
  var lateCalls: [Call] = []
  private(set) var step = 0
  /// Whether things may go wrong.
  private(set) var isStormy = true
  private var depth = 0
  private var nested = 0
  private let isTracing: Bool

  package init(seed: UInt64, isTracing: Bool = false) throws {
    self.seed = seed
    self.isTracing = isTracing
    generator = SeededGenerator(seed: seed)
    plan = Plan(&generator)
    desks = DeskWork(generator.split())
    server = try SimServer(generator.split(), NodeClock(clock), plan.sizes)
    for index in 0..<plan.agents {
      let agent = SimAgent(
        "\(index)", agent: "agent-\(index)", generator.split(), NodeClock(clock), plan.sizes,
        isSupervisor: !generator.oneIn(4))
      try agent.make()
      agents.append(agent)
    }
    note(
      "agents \(plan.agents), steps \(plan.steps), \(plan.faults.map(\.rawValue).sorted().joined(separator: " "))"
    )
  }

  /// Runs a seed to its end.
  package static func run(seed: UInt64, isTracing: Bool = false) throws -> Simulation {
    let simulation = try Simulation(seed: seed, isTracing: isTracing)
    simulation.run()
    return simulation
  }

  /// - Parameter meddle: called behind the storm, for tests of the checks.
  package func run(_ meddle: (Simulation) -> Void = { _ in }) {
    while step < plan.steps, failures.isEmpty {
      step += 1
      act()
    }
    isStormy = false
    meddle(self)
    if failures.isEmpty { calmDown() }
    if failures.isEmpty { checkEnd() }
  }

  /// A number that two runs share when they went alike.
  package var fingerprint: UInt64 {
    let counted = counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
    let text = counted + failures + agents.map { (try? $0.store?.digest()) ?? "none" } + ["\(seed)"]
    return FNV1a.hash(text.joined(separator: "\n").utf8)
  }

  func note(_ text: @autoclosure () -> String) {
    if isTracing { trace.append("\(step)\(String(repeating: "  ", count: depth)) \(text())") }
  }

  func count(_ what: String) {
    counts[what, default: 0] += 1
  }

  func fail(_ text: String) {
    note("FAILURE \(text)")
    failures.append(text)
  }

  /// Whether a fault happens to a message now.
  func happens(_ fault: Plan.Fault, among odds: Int? = nil) -> Bool {
    guard isStormy, plan.has(fault), generator.oneIn(odds ?? plan.messageOdds) else { return false }
    count(fault.rawValue)
    return true
  }

  /// Lets others act while a message is under way.
  func goOn() {
    // What happens meanwhile takes time too, so that there must be an end to it.
    guard isStormy, depth < 3, nested < 20 * plan.steps else { return }
    nested += 1
    depth += 1
    while generator.oneIn(4), failures.isEmpty { act() }
    depth -= 1
  }

  /// Somebody does something, or something goes wrong.
  private func act() {
    clock.advance(by: UInt64(generator.pick([0, 1, 5, 200, 3000, 60_000])))
    if let call = lateCalls.indices.randomElement(using: &generator), generator.oneIn(3) {
      note("a late call arrives")
      _ = server.exchange(lateCalls.remove(at: call))
    }
    if generator.oneIn(plan.machineOdds) { disturb() }
    guard let agent = agents.filter({ !$0.isBusy }).randomElement(using: &generator) else { return }
    if agent.store == nil {
      if generator.oneIn(2) { restart(agent) }
      return
    }
    switch generator.int(0...19) {
    case 0...5: edit(agent)
    case 6...9: plan.hasDesks ? deskWork(agent) : edit(agent)
    case 10: generator.oneIn(2) ? erase(agent) : edit(agent)
    case 11...16: sync(agent)
    case 17: compact(agent)
    case 18: server.maintain()
    default: server.isUp ? server.backUp() : server.restart(losingPower: generator.oneIn(2))
    }
    if agent.disk.isDown { agent.stop() }
  }

  // MARK: What agents do

  func edit(_ agent: SimAgent) {
    if let store = agent.store { edit(agent, store) }
  }

  /// Another process on a device works with the store whose sync waits for the server.
  func workBeside(_ agent: SimAgent) {
    // Only in some plans, so that in others everything goes on as it is asked for.
    guard isStormy, plan.steps.isMultiple(of: 3), counts["work beside a sync", default: 0] < plan.steps,
      !agent.disk.isDown, generator.oneIn(6)
    else { return }
    let environment = agent.environment
    do throws(StorageError) {
      let store = try Store(disk: agent.disk, root: agent.name, .writing, environment: environment)
      edit(agent, store)
      if generator.oneIn(3) { try store.compact(all: generator.oneIn(2)) }
      count("work beside a sync")
    } catch {
      note("beside \(agent.name): \(error)")
    }
    guard generator.oneIn(10) else { return }
    do throws(StorageError) {
      _ = try Store.verify(disk: agent.disk, root: agent.name, repairing: true, environment: environment)
      if !agent.disk.isDown { fail("\(agent.name) is put right while it syncs") }
    } catch {
      if case .locked = error { return }
      note("beside \(agent.name): \(error)")
    }
  }

  private func edit(_ agent: SimAgent, _ store: Store) {
    var edits: [Edit] = []
    var tokens: [String] = []
    for _ in 0..<generator.pick([1, 1, 1, 2, 5]) {
      tokens.append(journal.nextToken())
      edits.append(randomEdit(tokens[tokens.count - 1]))
    }
    do {
      let changes = try store.commit(edits)
      for (token, change) in zip(tokens, changes) {
        guard let change else { return fail("an edit with a token changed nothing") }
        journal.commit(token, change, by: agent.agent)
        if change.creates { entities.append(change.on) }
      }
      count("edits")
      note("\(agent.name) made \(tokens.joined(separator: " ")), last \(changes.last??.id.description ?? "")")
    } catch {
      note("\(agent.name) could not make \(tokens.joined(separator: " ")): \(error)")
      // After a crash an edit that was not acknowledged may be there.
      if !agent.disk.isDown, !plan.has(.inputOutputErrors) { journal.refuse(tokens) }
    }
  }

  /// Does what a service desk does: facts, promises, merging and all the rest.
  private func deskWork(_ agent: SimAgent) {
    guard let store = agent.store else { return }
    do {
      entities += try desks.work(Desk(store), pieces: generator.int(1...4))
      count("desk work")
      note("\(agent.name) worked at the desk")
    } catch {
      note("\(agent.name) could not work at the desk: \(error)")
      if case .damaged = error { _ = try? agent.verify() }
    }
  }

  /// Erases something, or tries to where the server will not have it.
  private func erase(_ agent: SimAgent) {
    guard let store = agent.store, let entity = entities.randomElement(using: &generator) else { return }
    var draft = Draft()
    draft.erase = true
    draft.extra.append(("of", JSONText(entity.description)))
    // In a store that no server knows yet nobody forbids it, and what is gone there is gone.
    let isAllowed = agent.isSupervisor || store.configuration.server == nil
    do {
      try store.commit(Edit(.entity(entity), draft))
      if isAllowed { journal.erase(entity, isDone: agent.isSupervisor) }
      count(agent.isSupervisor ? "erasures" : "erasures that are refused")
      note("\(agent.name) erased \(entity)")
    } catch {
      if isAllowed { journal.erase(entity, isDone: false) }
      note("\(agent.name) could not erase \(entity): \(error)")
    }
  }

  /// An edit that carries a token in a member that no version knows.
  private func randomEdit(_ token: String) -> Edit {
    var draft = Draft()
    let field = generator.pick(RandomHistory.fields)
    let word = generator.pick(RandomHistory.words)
    switch generator.int(0...8) {
    case 0, 1, 2: draft.set[field] = JSONText(word)
    case 3: draft.clear.insert(field)
    case 4: draft.add[field] = [ExactString(word), ExactString(token)]
    case 5: draft.drop[field] = RandomHistory.words.map { ExactString($0) }
    case 6:
      draft.log["timeline"] = JSONText(object: [("kind", JSONText("note")), ("text", JSONText(word + token))])
    case 7: draft.count["calls"] = Int64(generator.int(-3...3))
    default: draft.extra.append(("later", JSONText(object: [("deep", JSONText(array: [JSONText(word)]))])))
    }
    draft.extra.append(("token", JSONText(token)))
    if entities.isEmpty || generator.oneIn(5) {
      return Edit(.new(type: generator.pick(["ticket", "customer", "later-type"])), draft)
    }
    return Edit(.entity(generator.pick(entities)), draft)
  }

  /// Syncs; joins first where the server does not know the device.
  @discardableResult
  func sync(_ agent: SimAgent) -> SyncError? {
    guard let store = agent.store else { return nil }
    agent.isBusy = true
    defer {
      agent.isBusy = false
      if agent.disk.isDown { agent.stop() }
    }
    let network = Network(self, agent)
    do {
      if store.configuration.token == nil { try join(agent, network) }
      let report = try SyncClient(store, network).sync()
      count("syncs")
      note("\(agent.name) synced: \(report)")
      for note in report.notes { count(note.contains("copy") ? "forks" : "rewinds") }
      return nil
    } catch {
      note("\(agent.name) did not sync: \(error)")
      if case .unauthorized = error, !agent.isRevoked, !agent.disk.isDown { try? join(agent, network) }
      if case .storage(.damaged) = error { _ = try? agent.verify() }
      return error
    }
  }

  private func join(_ agent: SimAgent, _ network: Network) throws(SyncError) {
    guard let code = server.invite(agent.agent, isSupervisor: agent.isSupervisor) else {
      throw .offline("no operator")
    }
    try agent.join(network, code: code)
    count("joins")
    note("\(agent.name) joined")
  }

  private func compact(_ agent: SimAgent) {
    do {
      if try agent.store?.compact(all: generator.oneIn(2)) == true { count("compactions") }
      note("\(agent.name) compacted")
    } catch {
      note("\(agent.name) could not compact: \(error)")
      if case .damaged = error { _ = try? agent.verify() }
    }
  }

  func restart(_ agent: SimAgent) {
    if agent.disk.isDown { agent.restart(losingPower: generator.oneIn(2)) }
    do {
      try agent.open()
      note("\(agent.name) is up as \(agent.store?.replica.description ?? "")")
    } catch {
      note("\(agent.name) cannot open: \(error)")
      agent.stop()
    }
  }
}
