import Agent
import Causality
import Codec
import Merge
import Storage

/// How a conflict is to be settled.
public enum Settlement: Sendable, Hashable {
  /// One of its sides is right, counted from 0.
  case take(Int)
  /// Another value is, for a field.
  case value(JSONText)
  /// The values together: arrays joined, each element once; objects joined where no member differs.
  case merge
  /// It was seen and dealt with, for a situation.
  case done
}

/// Why a conflict cannot be settled or brought back so.
public enum SettlingError: Error, Sendable, CustomStringConvertible {
  /// What was asked for does not fit this conflict, and what does.
  case unfit(String)
  /// It is not open any more, or was changed since.
  case stale(String)
  /// The value is one that is never kept, and why.
  case secret(String)
  /// The store could not be read or written.
  case storage(StorageError)

  /// Why not, in words for people.
  public var description: String {
    switch self {
    case .unfit(let reason), .stale(let reason): reason
    case .secret(let reason): DeskError.secret(reason).description
    case .storage(let error): error.description
    }
  }

  /// What the desk refuses, as a reason why it settles nothing.
  init(_ error: DeskError) {
    switch error {
    case .invalid(let reason): self = .unfit(reason)
    case .secret(let reason): self = .secret(reason)
    case .storage(let error): self = .storage(error)
    case .notFound, .ambiguous: self = .unfit(error.description)
    }
  }
}

extension Desk {
  /// Settles a conflict by an edit that syncs like any other and can be undone.
  ///
  /// A field gets the value, over every head that is known here; a fact's keeps what it was given for and how long it holds; a
  /// situation gets a field `settled.<id>`. Two people who settle one in different ways without knowing of each other have a
  /// conflict again. Of something erased only that it was settled is kept.
  /// Cost: the entity, and what it has to do with.
  /// - Returns: the change; nil where it would change nothing.
  /// - Throws: `SettlingError`: `.secret` for a value that is never kept, `.unfit` for one that would count as none (see
  ///   `BuiltInField`) or is a customer who was erased; `.stale` where it is not open any more, or has other sides than the one
  ///   given.
  @discardableResult
  public func settle(
    _ conflict: Conflict, _ how: Settlement, note: String? = nil
  ) throws(SettlingError) -> Change? {
    guard conflict.state == .open else {
      throw .stale("conflict \(conflict.id) is \(conflict.state.rawValue) already")
    }
    let present = try present(conflict)
    guard present.state == .open else {
      throw .stale("conflict \(conflict.id) is \(present.state.rawValue) already")
    }
    var draft = Draft()
    draft.extra = [("settles", SettlementMark.text(conflict: conflict.id, note: note))]
    if store.isErased(conflict.on) {
      guard note == nil, how == .done else {
        throw .unfit("\(conflict.on) was erased and keeps no words: settle it as done, without a note")
      }
    } else if let field = conflict.field {
      draft.set[field] = try value(of: conflict, present, how)
    } else {
      draft.set[ConflictFinder.settlementField(conflict.id)] = try mark(conflict, how, note)
    }
    let made = draft
    return try onStore { () throws(StorageError) in try store.commit(Edit(.entity(conflict.on), made)) }
  }

  /// A conflict as it is now, with what may not be shown, so that nobody settles what has become another one.
  ///
  /// Cost: the entity, and what it has to do with.
  private func present(_ conflict: Conflict) throws(SettlingError) -> Conflict {
    let all = try onStore { () throws(StorageError) in
      let whole = try store.members(of: conflict.on).first ?? conflict.on
      return try reading { () throws(StorageError) in try CaseReader(forOneOf: self).conflicts(of: whole) }
    }
    guard let present = all.first(where: { $0.id == conflict.id && $0.on == conflict.on }),
      Set(present.sides.map(\.change)) == Set(conflict.sides.map(\.change))
    else { throw .stale("conflict \(conflict.id) has changed meanwhile; look at it again") }
    return present
  }

  /// The value that settles a field.
  ///
  /// - Parameters:
  ///   - conflict: as it was shown.
  ///   - present: as it is, with what may not be shown.
  private func value(
    of conflict: Conflict, _ present: Conflict, _ how: Settlement
  ) throws(SettlingError) -> JSONText {
    if conflict.isWithheld {
      // What nobody may look at, nobody can choose; but what another value is given for stays as it is.
      guard case .value = how else {
        throw .unfit(
          "the values of \(conflict.field?.text ?? "this") may not be shown now, so none can be taken: ask the "
            + "customer, and settle it with a value")
      }
      return try value(of: present, present, how)
    }
    switch how {
    case .take(let index):
      let side = try Self.side(index, of: conflict)
      guard let value = side.value else { throw .unfit("side \(index) has no value that could be taken") }
      return conflict.field.map { value.learned($0, by: side.by, at: side.effective) } ?? value
    case .value(let value):
      let settings = try onStore { () throws(StorageError) in
        Settings(try store.state(of: Vocabulary.settingsID))
      }
      if let field = conflict.field,
        let reason = settings.secrets.reason(type: conflict.on.type, field: field, value: value)
      {
        throw .secret(reason)
      }
      return Self.fact(try kept(value, for: conflict), like: conflict, now: store.environment.now())
    case .merge:
      let values = conflict.sides.compactMap(\.value)
      guard let joined = Self.join(values) else {
        throw .unfit(
          "the values of \(conflict.field?.text ?? "this") cannot be merged; only lists, and objects that do not differ in "
            + "a member, can: take one side or give a value")
      }
      return joined
    case .done: throw .unfit("a field needs a value: take a side, give a value, or merge")
    }
  }

  /// A value that was given for a conflict of a field, as it is kept.
  private func kept(_ value: JSONText, for conflict: Conflict) throws(SettlingError) -> JSONText {
    guard let field = conflict.field else { return value }
    let shown = conflict.shown.flatMap {
      conflict.sides.indices.contains($0) ? conflict.sides[$0].value : nil
    }
    do throws(DeskError) {
      return try kept(value, of: field, on: conflict.on, like: shown)
    } catch {
      throw SettlingError(error)
    }
  }

  /// A side of a conflict, counted from 0 as `Settlement` does.
  private static func side(_ index: Int, of conflict: Conflict) throws(SettlingError) -> Conflict.Side {
    guard conflict.sides.indices.contains(index) else {
      throw .unfit(
        "there is no side \(index); conflict \(conflict.id) has sides 0 to \(conflict.sides.count - 1)")
    }
    return conflict.sides[index]
  }

  private func mark(
    _ conflict: Conflict, _ how: Settlement, _ note: String?
  ) throws(SettlingError) -> JSONText {
    var members: [(String, JSONText)] = []
    switch how {
    case .take(let index):
      members.append(("take", JSONText("\(try Self.side(index, of: conflict).change)")))
    case .value, .merge:
      throw .unfit("'\(conflict.kind.title)' has no value to set; take a side, or leave a note")
    case .done: break
    }
    if let note { members.append(("note", JSONText(note))) }
    return members.isEmpty ? JSONText("done") : JSONText(object: members)
  }

  /// A bare value of a fact with what the shown side says of it beside the value: what it was given for and how long it holds.
  /// How it came to be known is another matter, and a time that has passed would end the new value at once.
  private static func fact(_ value: JSONText, like conflict: Conflict, now: UInt64) -> JSONText {
    guard conflict.field?.text.hasPrefix(Vocabulary.factPrefix) == true, value["value"] == nil,
      let side = conflict.shown ?? conflict.sides.indices.first, conflict.sides.indices.contains(side),
      let shown = conflict.sides[side].value, shown["value"] != nil
    else { return value }
    let isOver = shown["expires"]?.string.flatMap { HybridTime($0) }.map { $0.milliseconds <= now } ?? false
    let names = ["purpose", "confidence"] + (isOver ? [] : ["expires"])
    let kept = (shown.members ?? []).filter { names.contains($0.key) }
    return JSONText(object: [("value", value)] + kept.map { ($0.key, $0.value) })
  }

  /// Several values as one; nil where they contradict each other.
  static func join(_ values: [JSONText]) -> JSONText? {
    guard let first = values.first else { return nil }
    if values.allSatisfy({ $0.elements != nil }) {
      var seen: Set<JSONText> = []
      return JSONText(array: values.flatMap { $0.elements ?? [] }.filter { seen.insert($0).inserted })
    }
    guard first.members != nil else { return nil }
    var joined: [(String, JSONText)] = []
    for value in values {
      guard let members = value.members else { return nil }
      for (key, member) in members {
        if let known = joined.first(where: { $0.0 == key }) {
          if known.1 != member { return nil }
        } else {
          joined.append((key, member))
        }
      }
    }
    return JSONText(object: joined)
  }

  /// Takes a settlement back, so that the conflict is open again everywhere.
  ///
  /// A field gets every value again that the settlement replaced, each by a change that says which one it brings back. That
  /// is refused where the field was changed since. Cost: the entity, and what it has to do with.
  /// - Returns: the changes.
  /// - Throws: `SettlingError`: `.stale` where it is not settled any more, by another change than in the one given, or the field was
  ///   changed since.
  @discardableResult
  public func unsettle(_ conflict: Conflict) throws(SettlingError) -> [Change] {
    guard conflict.state == .settled, let settlement = conflict.settlement else {
      throw .stale("conflict \(conflict.id) is \(conflict.state.rawValue), so there is no settlement to undo")
    }
    let present = try present(conflict)
    guard present.state == .settled, present.settlement?.change == settlement.change else {
      throw .stale("conflict \(conflict.id) was opened again or settled anew meanwhile; look at it again")
    }
    let state = try onStore { () throws(StorageError) in try store.mergedState(of: conflict.on) }
    guard let field = conflict.field else {
      var draft = Draft()
      if store.isErased(conflict.on) {
        draft.extra = [("reopens", JSONText(conflict.id))]
      } else {
        draft.clear.insert(ConflictFinder.settlementField(conflict.id))
      }
      let made = draft
      let changes = try onStore { () throws(StorageError) in
        try store.commit(try settled(conflict).map { Edit(.entity($0), made) })
      }
      return changes.compactMap(\.self)
    }
    guard state?.registers[field]?.heads.map(\.id) == [settlement.change] else {
      throw .stale(
        "\(field.text) was changed after conflict \(conflict.id) was settled, so undoing would lose an edit; "
          + "'askonce history \(conflict.on) \(field.text)' shows it")
    }
    return try onStore { () throws(StorageError) in
      try store.commit { (batch) throws(StorageError) in
        var made: [Change] = []
        // In the order in which they counted, so that the same one of them is shown as before.
        for side in present.sides.sorted(by: { ($0.effective, $0.change) < ($1.effective, $1.change) }) {
          guard let value = side.value else { continue }
          // Each is brought back where it was, so that merged profiles that are split later have their own.
          let edit = Self.bringingBack(
            value.learned(field, by: side.by, at: side.effective), of: side.change, as: field, on: side.on,
            over: [settlement.change])
          if let change = try batch.make(edit) { made.append(change) }
        }
        return made
      }
    }
  }

  /// An edit that brings back the value that a change wrote, beside others that are brought back over the same heads: a draft would
  /// leave out what is so already, and would replace the one brought back before.
  static func bringingBack(
    _ value: JSONText, of change: ChangeID, as field: ExactString, on entity: EntityID, over heads: [ChangeID]
  ) -> Edit {
    var members = [("set", JSONText(object: [(field.text, value)]))]
    if !heads.isEmpty {
      let ids = JSONText(array: heads.map { JSONText("\($0)") })
      members.append(("over", JSONText(object: [(field.text, ids)])))
    }
    members.append(("restores", JSONText("\(change)")))
    var edit = alone(entity, Draft())
    edit.body = Array(JSONText(object: members).bytes.dropFirst().dropLast())
    return edit
  }

  /// Edits that bring back all of some heads, in the order in which they counted, so that the same one of them is shown as before.
  static func bringingBack(
    _ lost: [Head], as field: ExactString, on entity: EntityID, over heads: [ChangeID]
  ) -> [Edit] {
    lost.sorted { ($0.effective, $0.id) < ($1.effective, $1.id) }.map {
      bringingBack(
        $0.value.learned(field, by: $0.by, at: $0.effective), of: $0.id, as: field, on: entity, over: heads)
    }
  }

  private func onStore<Result>(_ body: () throws(StorageError) -> Result) throws(SettlingError) -> Result {
    do { return try body() } catch { throw .storage(error) }
  }
}
