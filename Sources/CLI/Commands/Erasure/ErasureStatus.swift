import Agent
import Causality
import Codec
import Merge
import ServiceDesk
import Storage

/// Says which devices and files still hold what was erased.
enum ErasureStatus {
  static let group = CommandGroup(
    "erasure", "Erasures: which devices and files still hold what was erased", [command])

  static let command = Command(
    "erasure status", "List erased customers and who still owes a receipt (supervisors)",
    details: [
      "A device's receipt says that the data is out of all its files; it comes with a sync. The server's own files are "
        + "worked through behind it, in seconds. A revoked device cannot report any more: it is listed as revoked, and what it "
        + "holds it may keep, so ask for it. Devices of one replica count as one. Of a device that is gone for good, say so with "
        + "'askonce admin revoke'.",
      "'made meanwhile' are tickets and the like that somebody made for the customer, or gave to it, without knowing of the "
        + "erasure: run 'askonce customer erase' on it again.",
      "Exit codes: 0 nobody owes anything; 11 somebody does, or something was made meanwhile, is not sent yet, or is "
        + "known here and not to the server (of which a backup was restored: sync); 8 the server "
        + "was not reached; 9 this device is no supervisor's.",
    ],
    examples: [
      .init("Who is still to come", "askonce erasure status"),
      .init("Until all is gone", "until askonce erasure status --json > receipts.json; do sleep 3600; done"),
    ]
  ) { _ in
    { context in
      let store = try context.open(.reading)
      let desk = Desk(store)
      let report = try ErasureReceipts(context, desk)
      if context.isJSON { context.output.json(report.json) } else { report.write(to: context) }
      return report.isDone ? .ok : .partial
    }
  }
}

/// What was erased, and who still holds it.
private struct ErasureReceipts {
  /// One customer's erasure; or of whatever was erased by itself.
  struct Item {
    let of: EntityID
    var entities: Set<EntityID> = []
    var by = ""
    var at = HybridTime.zero
    var because: String?
    /// The last position; nil while it is not sent.
    var position: UInt64?
    var leftovers: [EntityID] = []
  }

  typealias Holder = ErasureStanding.Device

  private(set) var items: [Item] = []
  private(set) var holders: [Holder] = []
  /// Erasures that had a place in the order and that the server does not list.
  private var lost: Set<EntityID> = []
  /// How far the server's files are; nil for a store without a server.
  private(set) var server: UInt64?
  private let now: UInt64

  init(_ context: Context, _ desk: Desk) throws {
    now = context.system.now()
    let store = desk.store
    if let address = store.configuration.server {
      guard let connect = context.connect else { throw Failure(.failed, "this program has no network") }
      let standing = try SyncClient(store, connect(address)).erasureStanding()
      server = standing.server
      holders = standing.devices
      for erasure in standing.erasures {
        add(
          erasure.on, of: erasure.of, by: erasure.by, at: erasure.at, because: erasure.because,
          erasure.position)
      }
      // A server that was set back to a backup lacks what this store knows, until a sync gives it back.
      let listed = Set(standing.erasures.map(\.on))
      for placed in try store.erasureChanges() where !listed.contains(placed.change.on) {
        add(placed.change, of: placed.change.erasedWith, because: placed.change.erasedBecause, nil)
        lost.insert(placed.change.erasedWith ?? placed.change.on)
      }
    } else {
      for placed in try store.erasureChanges() {
        add(
          placed.change, of: placed.change.erasedWith, because: placed.change.erasedBecause, placed.position)
      }
      let device = Holder(
        device: "this device", agent: store.configuration.agent, replica: "\(store.replica)", seen: nil,
        isRevoked: false, erased: store.erasedPosition ?? .max)
      holders = [device]
    }
    for change in store.unsent where change.erases {
      add(change, of: change.erasedWith, because: change.erasedBecause, nil)
    }
    for index in items.indices where items[index].of.type == Vocabulary.customer {
      items[index].leftovers = try desk.leftovers(of: items[index].entities)
    }
    items.sort { ($0.at, $0.of) > ($1.at, $1.of) }
  }

  private mutating func add(_ change: Change, of: EntityID?, because: String?, _ position: UInt64?) {
    add(change.on, of: of, by: change.by, at: change.at, because: because, position)
  }

  private mutating func add(
    _ on: EntityID, of: EntityID?, by: String, at: HybridTime, because: String?, _ position: UInt64?
  ) {
    let root = of ?? on
    let index = items.firstIndex { $0.of == root } ?? items.count
    if index == items.count { items.append(Item(of: root, position: position)) }
    items[index].entities.insert(on)
    if items[index].by.isEmpty { (items[index].by, items[index].at) = (by, at) }
    items[index].because = items[index].because ?? because
    items[index].position = position.flatMap { new in items[index].position.map { max($0, new) } }
  }

  func owing(_ item: Item) -> [Holder] {
    guard let position = item.position else { return [] }
    return holders.filter { !$0.isRevoked && $0.erased < position }
  }

  private func revoked(_ item: Item) -> [Holder] {
    guard let position = item.position else { return [] }
    return holders.filter { $0.isRevoked && $0.erased < position }
  }

  private func serverOwes(_ item: Item) -> Bool {
    guard let position = item.position, let server else { return false }
    return server < position
  }

  private func isDone(_ item: Item) -> Bool {
    item.position != nil && !serverOwes(item) && owing(item).isEmpty && item.leftovers.isEmpty
  }

  var isDone: Bool { items.allSatisfy(isDone) }

  var json: JSONText {
    JSONText(object: [
      ("done", JSONText(isDone)), ("erasures", JSONText(array: items.map(json))),
    ])
  }

  private func json(_ item: Item) -> JSONText {
    JSONText(present: [
      ("on", JSONText(item.of.description)), ("at", JSONText(item.at.description)), ("by", JSONText(item.by)),
      ("because", item.because.map { JSONText($0) }),
      ("entities", EntityJSON.strings(item.entities.sorted().map(\.description))),
      ("position", item.position.map { JSONText(Int($0)) }), ("done", JSONText(isDone(item))),
      ("server", JSONText(item.position != nil && !serverOwes(item))),
      ("owing", JSONText(array: owing(item).map(json))),
      ("revoked", JSONText(array: revoked(item).map(json))),
      ("meanwhile", EntityJSON.strings(item.leftovers.map(\.description))),
    ])
  }

  private func json(_ holder: Holder) -> JSONText {
    JSONText(present: [
      ("device", JSONText(holder.device)), ("agent", JSONText(holder.agent)),
      ("replica", JSONText(holder.replica)), ("seen", holder.seen.map { JSONText($0.description) }),
    ])
  }

  func write(to context: Context) {
    let output = context.output
    if items.isEmpty { return output.line("nothing was erased") }
    for item in items {
      let count = Words.count(item.entities.count, "entity", "entities")
      output.line(
        output.styled("\(item.of)", .bold)
          + "  \(count), \(Moment.local(item.at)), by \(Plain.line(item.by))"
          + (item.because.map { ": \(Plain.line($0))" } ?? ""))
      if lost.contains(item.of) {
        output.line("  the server does not have it: 'askonce sync' gives it back")
      } else if item.position == nil {
        output.line("  not sent yet: 'askonce sync' sends it")
      }
      if serverOwes(item) { output.line("  the server's files are being worked through") }
      for holder in owing(item) {
        output.line(output.styled("  owes: \(name(holder)), \(seen(holder))", .yellow))
      }
      for holder in revoked(item) {
        output.line(output.styled("  revoked: \(name(holder)), \(seen(holder)); may keep it", .dim))
      }
      if !item.leftovers.isEmpty {
        output.line(
          output.styled(
            "  made meanwhile: \(item.leftovers.map(\.description).joined(separator: ", ")); run 'askonce customer erase "
              + "\(item.of)' again", .yellow))
      }
      if isDone(item) { output.line("  gone everywhere") }
    }
  }

  private func name(_ holder: Holder) -> String { "\(Plain.line(holder.agent)) (\(holder.device))" }

  private func seen(_ holder: Holder) -> String {
    holder.seen.map { "last seen \(Moment.ago($0.milliseconds, now: now))" } ?? "never seen"
  }
}
