import Agent
import Causality
import ChangeCodec
import Codec
import Import
import Merge
import ServiceDesk
import Storage

/// Brings changes of another workspace into this store, as edits of this device that keep who made them and when.
///
/// Which values replace which stays as it was, so a field with several values has them here too. What the author of each knew
/// is lost, for here all are edits of one device: what rests on that, such as a reply that crossed with a colleague's, is no
/// conflict here. `several` counts the entities of which that may be so. Each change keeps as `org` the id under which it was
/// first made. One that this store holds under that id, or brought in before, is passed over.
///
/// The ids of tickets may lie the other way round here, in which a merge does not count. `finish` then makes the other one the
/// whole.
struct ChangeReplay {
  private let desk: Desk
  private let store: Store
  /// Under which id this store holds a change of the file.
  private var names: [ChangeID: ChangeID] = [:]
  /// The tickets, as the file calls them, of which it says that they are parts of others, and the line that says so last.
  private var parts: [EntityID: Int] = [:]
  /// The last sequence of each replica whose changes this store holds.
  private var known: [ReplicaID: UInt64] = [:]
  private(set) var imported = 0
  private(set) var unchanged = 0
  /// Which replica made the imported changes of an entity; nil where there are several.
  private var makers: [EntityID: ReplicaID?] = [:]
  /// The entities with imported changes of several replicas. Cost: the entities.
  var several: Int { makers.values.count { $0 == nil } }

  /// Reads the store once to learn what it holds.
  init(_ desk: Desk) throws(StorageError) {
    self.desk = desk
    store = desk.store
    var names: [ChangeID: ChangeID] = [:]
    var known: [ReplicaID: UInt64] = [:]
    let walk = try store.walk()
    while let (_, changes) = try walk.next() {
      for placed in changes {
        let id = placed.change.id
        known[id.replica] = max(known[id.replica] ?? 0, id.sequence)
        if let first = FirstID.of(placed.change) { names[first.id] = id }
      }
    }
    self.names = names
    self.known = known
  }

  /// Applies changes, in the order of the file, and makes them durable together. After an error this is of no more
  /// use.
  mutating func apply(
    _ changes: [(line: Int, change: Change)], reject: (Int, String) -> Void
  ) throws(StorageError) {
    try store.commit { (batch: inout EditBatch) throws(StorageError) in
      for (line, change) in changes {
        do throws(StorageError) {
          if Desk.mergeTarget(of: change) != nil { parts[change.on] = line }
          try apply(change, &batch)
        } catch {
          guard case .refused(let reason) = error else { throw error }
          reject(line, reason)
        }
      }
    }
  }

  /// Makes tickets one again whose merge does not count here. To be called when all changes were applied, for then the one that
  /// was the whole has said all that it says. Cost: the merged tickets of the file.
  ///
  /// - Parameter reject: gets the line of a merge that the store refuses, and why; the others are made.
  func finish(reject: (Int, String) -> Void) throws(StorageError) {
    try store.commit { (batch: inout EditBatch) throws(StorageError) in
      for (name, line) in parts.sorted(by: { $0.key < $1.key }) {
        let here = names[name.origin].flatMap { EntityID(type: name.type, origin: $0) } ?? name
        guard let head = try store.state(of: here)?.shown(Vocabulary.merged),
          let target = EntityID(head.value.plain), target.type == here.type, here < target
        else { continue }
        do throws(StorageError) {
          for edit in try desk.carriedMerge(of: here, into: target, at: head.effective, by: head.by) {
            _ = try batch.make(edit)
          }
        } catch {
          guard case .refused(let reason) = error else { throw error }
          reject(line, reason)
        }
      }
    }
  }

  private mutating func apply(_ change: Change, _ batch: inout EditBatch) throws(StorageError) {
    let (first, body) = FirstID.of(change) ?? (change.id, change.body[...])
    if let name = names[first] ?? (first.sequence <= known[first.replica] ?? 0 ? first : nil) {
      names[change.id] = name
      unchanged += 1
      return
    }
    let target: Edit.Target
    if change.creates {
      target = .new(type: change.on.type)
    } else if let origin = names[change.on.origin],
      let entity = EntityID(type: change.on.type, origin: origin)
    {
      target = .entity(entity)
    } else if let entity = try derived(change) {
      names[change.on.origin] = entity.origin
      target = .entity(entity)
    } else if try store.state(of: change.on) != nil {
      target = .entity(change.on)
    } else {
      throw .refused(
        "the change that creates \(change.on) is neither in the file before it nor in this store")
    }
    var edit = Edit(target, Draft(), at: change.at, by: change.by)
    edit.body = renamed(body, origin: first)
    guard let made = try batch.make(edit) else { throw .refused("it changes nothing") }
    names[change.id] = made.id
    names[first] = made.id
    if let maker = makers[change.on] {
      if maker != first.replica { makers[change.on] = .some(nil) }
    } else {
      makers[change.on] = first.replica
    }
    imported += 1
  }

  /// The entity of a change that no change creates; nil for any other. The settings and outreaches have the same id in every
  /// workspace; the id of an outreach's ticket follows from the customer's, which has another one here.
  private func derived(_ change: Change) throws(StorageError) -> EntityID? {
    if change.on == Vocabulary.settingsID { return change.on }
    var (name, outreach, customer): (String?, EntityID?, EntityID?)
    try? ChangeBody.operations(of: change.body) { operation in
      switch operation {
      case .set("name", let value): name = value.string
      case .set(Vocabulary.outreachField, let value): outreach = EntityID(value.plain)
      case .set("customer", let value): customer = EntityID(value.plain)
      default: break
      }
    }
    if change.on.type == Vocabulary.outreach, let id = name.flatMap({ Outreach($0)?.id }) {
      return id == change.on ? id : nil
    }
    guard change.on.type == Vocabulary.ticket, let outreach, let customer,
      Outreach.ticket(outreach, customer) == change.on
    else { return nil }
    let here = names[customer.origin].flatMap { EntityID(type: customer.type, origin: $0) }
    return Outreach.ticket(outreach, here ?? customer)
  }

  /// A body with the ids renamed that this store knows by other names, and where the change comes from.
  private func renamed(_ body: ArraySlice<UInt8>, origin: ChangeID) -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(body.count + 40)
    var index = 0
    while index < body.count {
      if let (end, name) = id(in: body, at: index) {
        output += name.description.utf8
        index = end
      } else {
        output.append(body[index])
        index += 1
      }
    }
    FirstID.append(origin, to: &output)
    return output
  }

  /// What stands before the id in a field's name that says something of an entry.
  private static let marks = EntryMark.prefixes.map { Array("\"\($0)".utf8) }

  /// The change id that starts at an index, where it is one of the file's: it stands behind a quote or a slash, or ends the
  /// name of a field that says something of an entry.
  private func id(in body: ArraySlice<UInt8>, at index: Int) -> (end: Int, name: ChangeID)? {
    let dot = index + ReplicaID.length
    guard index > 0, dot < body.count, body[dot] == UInt8(ascii: "."),
      body[index - 1] == UInt8(ascii: "\"") || body[index - 1] == UInt8(ascii: "/")
        || Self.marks.contains(where: { body[..<index].suffix($0.count).elementsEqual($0) })
    else { return nil }
    let end = body[(dot + 1)...].firstIndex { $0 &- UInt8(ascii: "0") > 9 } ?? body.count
    guard end < body.count, body[end] == UInt8(ascii: "\""), let id = ChangeID(body.span, index, end),
      let name = names[id]
    else { return nil }
    return (end, name)
  }
}
