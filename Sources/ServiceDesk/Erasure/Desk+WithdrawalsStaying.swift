import Agent
import Causality
import Codec
import Merge
import Storage

extension ErasurePlan {
  /// A withdrawal of consent that counts for somebody who stays, by a change that nobody told whose it is (`Protocol.md`, section 12), and
  /// would be lost with what is erased.
  public struct Withdrawal: Hashable, Sendable {
    /// The profile that stays, on which it is made again.
    public let on: EntityID
    /// What for the data may not be used.
    public let purpose: String
    /// The change that withdrew it.
    public let change: ChangeID
    /// Who wrote it down.
    public let by: String
    /// When it counts as written in the merge.
    public let at: HybridTime
    /// When the customer said so.
    let said: JSONText
    /// The answers there that its author knew.
    let replaced: Set<ChangeID>
  }
}

/// Withdrawals of customers who stay that stand on profiles which are erased. While two were one, what was said of both stands on the first
/// of them; until somebody tells whose it is it holds for both, and an erasure of the one must not grant anything of the other.
extension Desk {
  /// The withdrawals that hold for profiles that stay and would hold no more once some are gone: of several of one purpose the
  /// latest. Cost: the changes of those that were ever one with these, for each of them.
  func withdrawalsStaying(
    without gone: Set<EntityID>
  ) throws(DeskError) -> [ErasurePlan.Withdrawal] {
    try stored { () throws(StorageError) in
      var found: [ErasurePlan.Withdrawal] = []
      let around = try Ties(around: Array(gone), in: store).profiles
      for id in around where !gone.contains(id) && !store.isErased(id) {
        let left = try OpenChanges.withdrawals(for: [id], without: gone, in: store).map(\.head.id)
        var lost: [ExactString: Head] = [:]
        for (field, head) in try OpenChanges.withdrawals(for: [id], in: store) where !left.contains(head.id) {
          // Who knew of it and wrote down another answer asked this customer.
          let heads = try store.mergedState(of: id)?.registers[field]?.heads ?? []
          if heads.contains(where: { $0.knew(head) }) { continue }
          if let other = lost[field], (head.effective, head.id) < (other.effective, other.id) { continue }
          lost[field] = head
        }
        for (field, head) in lost.sorted(by: { $0.key < $1.key }) {
          let known = try store.state(of: id)?.registers[field]?.heads.filter { head.knew($0) } ?? []
          found.append(
            ErasurePlan.Withdrawal(
              on: id, purpose: String(field.text.dropFirst(Vocabulary.consentPrefix.count)), change: head.id,
              by: head.by, at: head.effective, said: head.value["at"] ?? JSONText(head.effective.description),
              replaced: Set(known.map(\.id))))
        }
      }
      return found.sorted { ($0.on, $0.purpose) < ($1.on, $1.purpose) }
    }
  }

  /// The edit that makes a withdrawal again, by whom and when it was written down. Where it was said tells of who is erased, so it does
  /// not come along.
  ///
  /// - Parameter customer: as which it is erased.
  static func withdrawing(_ kept: ErasurePlan.Withdrawal, erasing customer: EntityID) -> Edit {
    let field = ExactString(Vocabulary.consentPrefix + kept.purpose)
    var draft = Draft()
    draft.set[field] = JSONText(object: [("state", JSONText("withdrawn")), ("at", kept.said)])
    draft.over[field] = kept.replaced
    draft.extra = [
      (SplitSide.moves, JSONText(kept.change.description)), ("of", JSONText(customer.description)),
    ]
    var edit = alone(kept.on, draft)
    (edit.at, edit.by) = (kept.at, kept.by)
    return edit
  }
}

extension Change {
  /// Whether it makes a withdrawal again because of an erasure: who wrote the customer meanwhile may well have known of the first one.
  var isWithdrawalAgain: Bool { body.contains(word: SplitSide.word) && body.contains(word: Self.of) }

  private static let of = Array("\"of\":".utf8)
}
