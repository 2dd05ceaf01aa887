import Causality
import Codec
import Merge

/// A register's values through an entity's history.
///
/// In the workspace's order a disagreement *arises* with the change after which the heads have different values, and
/// *ends* with the change after which they have no longer (`Protocol.md`, section 13).
public struct FieldHistory: Sendable {
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
    public var isOpen: Bool { ended == nil }
  }

  /// All registers of an entity, by field. Cost: per change, and per head where there are several.
  public static func all(_ history: EntityHistory) -> [ExactString: FieldHistory] {
    var tracks: [ExactString: Track] = [:]
    for step in history.steps {
      for edit in step.edits {
        if edit.isErasure {
          for field in tracks.keys { tracks[field]?.end(by: step.id) }
        } else if let field = edit.field {
          switch edit.action {
          case .set(let value): tracks[field, default: Track()].set(value, step.id, over: edit.over)
          case .clear: tracks[field, default: Track()].clear(step.id, over: edit.over)
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
    var heads: [(id: ChangeID, value: JSONText)] = []
    var replaced: Set<ChangeID> = []
    var done: [Disagreement] = []
    var arose: (id: ChangeID, heads: [ChangeID])?
    var last: [ChangeID] = []
    var agreements: [ChangeID] = []

    mutating func set(_ value: JSONText, _ id: ChangeID, over: [ChangeID]) {
      replaced.formUnion(over)
      heads.removeAll { over.contains($0.id) }
      if !replaced.contains(id) {
        if heads.contains(where: { $0.value == value }) { agreements.append(id) }
        heads.append((id, value))
      }
      look(id)
    }

    mutating func clear(_ id: ChangeID, over: [ChangeID]) {
      replaced.formUnion(over)
      heads.removeAll { over.contains($0.id) }
      look(id)
    }

    mutating func look(_ id: ChangeID) {
      if heads.dropFirst().contains(where: { $0.value != heads[0].value }) {
        if arose == nil { arose = (id, heads.map(\.id)) }
        last = heads.map(\.id)
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
}
