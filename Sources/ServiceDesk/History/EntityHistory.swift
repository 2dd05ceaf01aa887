import Causality
import Codec
import Merge

/// The changes of one entity in the workspace's order: what history, blame, explanations and conflicts are read from.
///
/// A pure function of the set of changes, so every replica that holds the same ones tells the same story, before and
/// after a compaction. Cost: per change of the entity, and per pair of changes that did not know each other.
public struct EntityHistory: Sendable {
  /// The entity; of several that are shown as one, the first.
  public let id: EntityID
  /// The entities that are shown as one with it, itself among them, ordered; for most it alone.
  public let members: [EntityID]
  /// By position; then what no server acknowledged yet, by its replica and sequence.
  public let steps: [HistoryStep]
  private let indices: [ChangeID: Int]

  /// Takes the changes of an entity in any order. A change that is there twice counts once, with its position.
  package init(_ id: EntityID, _ changes: [PlacedChange]) {
    self.init([id], changes)
  }

  /// Takes the changes of entities that are shown as one, ordered, at least one.
  package init(_ members: [EntityID], _ changes: [PlacedChange]) {
    id = members[0]
    self.members = members
    let names = Set(members)
    var seen: Set<ChangeID> = []
    let ordered = changes.filter { names.contains($0.change.on) }.sorted(by: Self.precedes).filter {
      seen.insert($0.change.id).inserted
    }
    var steps: [HistoryStep] = []
    steps.reserveCapacity(ordered.count)
    for placed in ordered { steps.append(HistoryStep(placed, before: steps)) }
    self.steps = steps
    indices = Dictionary(uniqueKeysWithValues: steps.enumerated().map { ($1.id, $0) })
  }

  private static func precedes(_ left: PlacedChange, _ right: PlacedChange) -> Bool {
    switch (left.position, right.position) {
    case (let one?, let other?): one < other
    case (_?, nil): true
    case (nil, _?): false
    case (nil, nil): left.change.id < right.change.id
    }
  }

  /// The step of a change; nil where it is none of this entity.
  public func step(_ id: ChangeID) -> HistoryStep? { indices[id].map { steps[$0] } }

  /// The place of a change among the steps.
  public func index(of id: ChangeID) -> Int? { indices[id] }

  /// The entity as some of its changes leave it; nil where there is none of them.
  public func state(where isKnown: (PlacedChange) -> Bool = { _ in true }) -> EntityState? {
    let known = steps.lazy.map(\.placed).filter(isKnown)
    guard !known.isEmpty else { return nil }
    var fold = Fold(id, with: members)
    for placed in known { fold.apply(placed) }
    return fold.finish()
  }

  /// The history of each of several entities that are shown as one, by itself.
  var profiles: [EntityHistory] {
    members.count == 1 ? [self] : members.map { EntityHistory($0, steps.map(\.placed)) }
  }

  /// The entity as the author of a change saw it before making it; nil where it was not there for them.
  public func state(before step: HistoryStep) -> EntityState? {
    state { step.placed.knew($0) }
  }

  /// Whether any change erases the entity.
  public var isErased: Bool { steps.contains { $0.edits.contains { $0.isErasure } } }

  /// Whether a retention setting took any value out of it.
  public var isThinned: Bool { steps.contains { $0.edits.contains { $0.value?.isThinned == true } } }

  /// The fields that any change touched, ordered.
  public var fields: [ExactString] {
    Set(steps.flatMap { $0.edits.compactMap(\.field) }).sorted()
  }
}

/// One change of an entity's history.
public struct HistoryStep: Sendable {
  /// The change, with its place in the workspace's order.
  public let placed: PlacedChange
  /// What it did, in the order of its line; nothing where an erasure took the content away.
  public let edits: [HistoryEdit]
  /// The earlier steps of the entity that its author did not know, in order, and whose authors did not know it.
  public let parallel: [ChangeID]
  /// What its author said about it: why a conflict was settled this way.
  public let note: String?
  /// The conflict that it settles.
  public let settles: String?
  /// The conflict about something erased of which it takes the settlement back.
  public let reopens: String?
  /// The change whose value it brings back, for the undoing of a settlement.
  public let restores: ChangeID?

  /// The change's id.
  public var id: ChangeID { placed.change.id }
  /// The entity that it is on: one of those that the history is of.
  public var on: EntityID { placed.change.on }
  /// Who wrote it: the agent's name.
  public var by: String { placed.change.by }
  /// The device that made it.
  public var replica: ReplicaID { placed.change.id.replica }
  /// Its place in the workspace's order; nil while no server has acknowledged it.
  public var position: UInt64? { placed.position }
  /// As the author's clock said.
  public var at: HybridTime { placed.change.at }
  /// As it counts in the merge.
  public var effective: HybridTime { placed.effective }

  init(_ placed: PlacedChange, before steps: [HistoryStep]) {
    self.placed = placed
    edits = HistoryEdit.all(of: placed.change, before: steps)
    var unknown: [ChangeID] = []
    // Earlier in the order means that it did not know this one; everything at or before `seen` was known.
    for step in steps.reversed() {
      if let position = step.position, position <= placed.seen { break }
      if !placed.knew(step.placed), !step.placed.knew(placed) { unknown.append(step.id) }
    }
    parallel = unknown.reversed()
    let marks = SettlementMark(placed.change)
    note = marks?.note
    settles = marks?.conflict
    reopens = marks?.reopens
    restores = marks?.restores
  }

  private init(_ step: HistoryStep, edits: [HistoryEdit]) {
    placed = step.placed
    self.edits = edits
    parallel = step.parallel
    note = step.note
    settles = step.settles
    reopens = step.reopens
    restores = step.restores
  }

  /// The step with other edits, for showing it.
  func replacing(edits: [HistoryEdit]) -> HistoryStep { HistoryStep(self, edits: edits) }
}

/// What a change line says beside its edits about conflicts: `"settles":{"conflict":"7k3f9q2hd9","note":"..."}`,
/// `"reopens":"7k3f9q2hd9"` and `"restores":"k7f3q2hd9x.418"`. Keys of the body without an effect on the merge.
struct SettlementMark {
  let conflict: String?
  let note: String?
  let reopens: String?
  let restores: ChangeID?

  /// nil where the line says nothing of the kind, which is told without parsing it.
  init?(_ change: Change) {
    guard Self.keys.contains(where: { change.body.contains(word: $0) }),
      let value = try? JSONText(parsing: [UInt8(ascii: "{")] + change.body + [UInt8(ascii: "}")])
    else { return nil }
    conflict = value["settles"]?["conflict"]?.string
    note = value["settles"]?["note"]?.string
    reopens = value["reopens"]?.string
    restores = value["restores"]?.string.flatMap { ChangeID($0) }
    if conflict == nil, note == nil, reopens == nil, restores == nil { return nil }
  }

  private static let keys = ["settles", "reopens", "restores"].map { Array("\"\($0)\":".utf8) }

  static func text(conflict: String, note: String?) -> JSONText {
    var members = [("conflict", JSONText(conflict))]
    if let note { members.append(("note", JSONText(note))) }
    return JSONText(object: members)
  }
}
