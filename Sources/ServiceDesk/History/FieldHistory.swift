import Causality
import Codec
import Merge

/// A register's values through an entity's history.
///
/// In the workspace's order a disagreement *arises* with the change after which the heads have different values, and
/// *ends* with the change after which they have no longer (`Protocol.md`, section 13). Of profiles of one person those heads
/// count together that are shown as one then.
public struct FieldHistory: Sendable {
  /// The field's name.
  public let field: ExactString
  /// The disagreements there were, in order; only the last one can be open.
  public let disagreements: [Disagreement]
  /// The heads now, in order.
  public let heads: [ChangeID]
  /// The changes that set the field to the value of a head that their author did not know.
  public let agreements: [ChangeID]

  /// A time during which a field had heads with different values.
  public struct Disagreement: Sendable, Hashable {
    /// The change with which it arose.
    public let arose: ChangeID
    /// The heads with which it arose.
    public let first: [ChangeID]
    /// Its heads before it ended, or now.
    public let heads: [ChangeID]
    /// The change that ended it; nil while it is open.
    public let ended: ChangeID?
    /// Whether nobody has ended it.
    public var isOpen: Bool { ended == nil }
  }

  /// All registers of an entity, by field. Cost: per change, and per head where there are several.
  public static func all(_ history: EntityHistory) -> [ExactString: FieldHistory] {
    var tracks: [ExactString: Track] = [:]
    var parts = Parts(history.members)
    for step in history.steps {
      if parts.follow(step) {
        for field in tracks.keys { tracks[field]?.look(step.id, parts) }
      }
      for edit in step.edits {
        if edit.isErasure {
          for field in tracks.keys { tracks[field]?.end(by: step.id) }
        } else if let field = edit.field {
          switch edit.action {
          case .set(let value): tracks[field, default: Track()].set(value, step, over: edit.over, parts)
          case .clear: tracks[field, default: Track()].clear(step.id, over: edit.over, parts)
          default: continue
          }
        }
      }
    }
    let isErased = history.isErased
    return Dictionary(
      uniqueKeysWithValues: tracks.map { field, track in (field, track.finish(field, isErased: isErased)) })
  }

  private struct Track {
    var heads: [(id: ChangeID, value: JSONText, on: EntityID)] = []
    var replaced: Set<ChangeID> = []
    var done: [Disagreement] = []
    var arose: (id: ChangeID, heads: [ChangeID])?
    var last: [ChangeID] = []
    var agreements: [ChangeID] = []

    mutating func set(_ value: JSONText, _ step: HistoryStep, over: [ChangeID], _ parts: Parts) {
      let id = step.id
      replaced.formUnion(over)
      heads.removeAll { over.contains($0.id) }
      if !replaced.contains(id) {
        if heads.contains(where: { $0.value == value }) { agreements.append(id) }
        heads.append((id, value, step.on))
      }
      look(id, parts)
    }

    mutating func clear(_ id: ChangeID, over: [ChangeID], _ parts: Parts) {
      replaced.formUnion(over)
      heads.removeAll { over.contains($0.id) }
      look(id, parts)
    }

    /// The heads that have other values beside them on what is shown as one.
    private func clashing(_ parts: Parts) -> [ChangeID] {
      guard let first = heads.first, heads.dropFirst().contains(where: { $0.value != first.value }) else {
        return []
      }
      return heads.filter { head in
        let beside = heads.filter { parts.areOne($0.on, head.on) }
        return beside.contains { $0.value != beside[0].value }
      }.map(\.id)
    }

    mutating func look(_ id: ChangeID, _ parts: Parts) {
      let clashing = clashing(parts)
      if !clashing.isEmpty {
        if arose == nil { arose = (id, clashing) }
        last = clashing
      } else {
        end(by: id)
      }
    }

    mutating func end(by id: ChangeID) {
      guard let arose else { return }
      done.append(Disagreement(arose: arose.id, first: arose.heads, heads: last, ended: id))
      self.arose = nil
    }

    consuming func finish(_ field: ExactString, isErased: Bool) -> FieldHistory {
      if let arose, !isErased {
        done.append(Disagreement(arose: arose.id, first: arose.heads, heads: last, ended: nil))
      }
      return FieldHistory(
        field: field, disagreements: done, heads: isErased ? [] : heads.map(\.id), agreements: agreements)
    }
  }

  /// Which of several entities are shown as one, as the changes of the set `same` come in.
  ///
  /// For most histories, which are of one entity, it does nothing.
  private struct Parts {
    private let members: [EntityID]
    /// For each member the members that it names, with the adds that do so.
    private var ties: [EntityID: [EntityID: Set<ChangeID>]] = [:]
    /// The least of those that each is one with.
    private var firsts: [EntityID: EntityID] = [:]

    init(_ members: [EntityID]) {
      self.members = members
    }

    func areOne(_ left: EntityID, _ right: EntityID) -> Bool {
      left == right || firsts[left].map { $0 == firsts[right] } ?? false
    }

    /// Takes a step in. Returns whether it tied or untied any.
    mutating func follow(_ step: HistoryStep) -> Bool {
      guard members.count > 1 else { return false }
      var isTie = false
      for edit in step.edits where edit.field == Links.same {
        switch edit.action {
        case .add(let element):
          guard let other = EntityID(element.text) else { continue }
          ties[step.on, default: [:]][other, default: []].insert(step.id)
          isTie = true
        case .drop(let element):
          guard let other = EntityID(element.text) else { continue }
          ties[step.on]?[other]?.subtract(edit.over)
          isTie = true
        default: continue
        }
      }
      if isTie { join() }
      return isTie
    }

    private mutating func join() {
      firsts = [:]
      for member in members where firsts[member] == nil {
        var waiting = [member]
        while let next = waiting.popLast() {
          guard firsts[next] == nil else { continue }
          firsts[next] = member
          for other in members where other != next {
            let isTied = ties[next]?[other]?.isEmpty == false || ties[other]?[next]?.isEmpty == false
            if isTied { waiting.append(other) }
          }
        }
      }
    }
  }
}
