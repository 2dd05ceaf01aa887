import Agent
import Causality
import Codec
import Merge
import Storage

extension Desk {
  /// Everything that is held on a person.
  public struct PersonalData: Sendable {
    /// Everything held on the customer.
    public let customer: EntityState
    /// The customer's answer for each purpose.
    public let consents: [Consents.Answer]
    /// Tickets, promises, surveys and whatever else belongs to the customer or to one of these tickets, ordered by type and
    /// time. A ticket has what went along to it of another's timeline, and not what went to another's ticket.
    public let entities: [EntityState]
    /// Every change of these, as it was made: what was replaced is held too. Of one that says something of another's, too, the rest.
    public let changes: [PlacedChange]
  }

  /// Everything that is held on a person, hidden facts too: it is theirs. Not what was found to be another's: entries that were
  /// split off to another's ticket, and changes of a profile that were given to another one.
  ///
  /// Cost: the customer's entities, and the tickets that were split from these or that these were split from.
  /// - Throws: `DeskError.invalid` for what is no customer, `.notFound` where nothing is known of it.
  public func personalData(_ customer: EntityID) throws(DeskError) -> PersonalData {
    let state = try known(customer, as: Vocabulary.customer)
    let settings = try settings()
    let (profiles, ids) = try stored { () throws(StorageError) in
      let profiles = try store.members(of: customer)
      // What is, by a conflict, somebody else's too may be theirs.
      let ids = try belongings(of: Set(profiles).union([customer]), takingUnclear: true).ids
      return (profiles, ids)
    }
    let given = Set(state.elements(Vocabulary.given).compactMap { ChangeID($0) })
    var changes: [PlacedChange] = []
    for profile in profiles {
      changes += try stored({ () throws(StorageError) in try store.changes(of: profile) }).filter {
        !given.contains($0.change.id)
      }
    }
    var states: [EntityState] = []
    for id in ids.sorted() {
      guard let (state, its) = try personalData(on: id, among: ids) else { continue }
      states.append(state)
      changes += its
    }
    states.sort { ($0.id.type, $0.firstAt, $0.id) < ($1.id.type, $1.firstAt, $1.id) }
    let consents = try stored { () throws(StorageError) in try Consents(state, settings, in: store) }
    return PersonalData(
      customer: state.without(given), consents: consents.answers, entities: states, changes: changes)
  }

  /// What is held on a person on one entity, and the changes that it comes from; nil where nothing of it is known.
  ///
  /// - Parameter theirs: all that is the person's.
  private func personalData(
    on id: EntityID, among theirs: Set<EntityID>
  ) throws(DeskError) -> (state: EntityState, changes: [PlacedChange])? {
    guard let state = try stored({ () throws(StorageError) in try store.state(of: id) }) else { return nil }
    let changes = try stored { () throws(StorageError) in try store.changes(of: id) }
    guard id.type == Vocabulary.ticket else { return (state, changes) }
    var (gone, stays): (Set<ChangeID>, Set<ChangeID>) = ([], [])
    for other in try split(from: id) {
      if theirs.contains(other.id) {
        stays.formUnion(other.splitEntries)
      } else {
        gone.formUnion(other.splitEntries)
      }
    }
    gone.subtract(stays)
    var mine = (state, changes)
    if !gone.isEmpty {
      let fields = Self.fields(of: gone)
      mine.0 = state.without(gone, fields)
      mine.1 = changes.compactMap { Self.part(of: $0, about: gone, fields, isWanted: false) }
    }
    guard let source = try splitSource(of: state), !theirs.contains(source.id) else { return mine }
    let came = state.splitEntries
    let fields = Self.fields(of: came)
    mine.0 = mine.0
      .adding(
        source.logs[Vocabulary.timeline]?.filter { came.contains($0.id) } ?? [], to: Vocabulary.timeline
      )
      .adding(source.registers.filter { fields.contains($0.key) })
    mine.1 += try stored({ () throws(StorageError) in try store.changes(of: source.id) }).compactMap {
      Self.part(of: $0, about: came, fields, isWanted: true)
    }
    return mine
  }

  /// The registers that say something of entries.
  private static func fields(of entries: Set<ChangeID>) -> Set<ExactString> {
    Set(
      entries.flatMap { entry in
        [Vocabulary.correctedPrefix, Vocabulary.redactedPrefix, Vocabulary.replyPrefix].map {
          ExactString($0 + entry.description)
        }
      })
  }

  /// What a change says of some entries, or all else that it says; nil where that is nothing. One change may open a ticket and write
  /// its first entry.
  ///
  /// - Parameter fields: the registers that say something of the entries.
  private static func part(
    of placed: PlacedChange, about entries: Set<ChangeID>, _ fields: Set<ExactString>, isWanted: Bool
  ) -> PlacedChange? {
    let writes = entries.contains(placed.change.id)
    var isAbout = writes
    let change = placed.change.mapping { key, value in
      switch key {
      case "log": return writes == isWanted ? value : nil
      case "set", "over":
        let members = value.members ?? []
        let chosen = members.filter { fields.contains(ExactString($0.key)) == isWanted }
        if isWanted ? !chosen.isEmpty : chosen.count < members.count { isAbout = true }
        return chosen.isEmpty ? nil : JSONText(object: chosen.map { ($0.key, $0.value) })
      default: return isWanted ? nil : value
      }
    }
    // As it was made, to the byte, where nothing is to be taken out of it.
    if !isAbout { return isWanted ? nil : placed }
    return change.body.isEmpty ? nil : placed.with(change)
  }
}
