import Causality
import Codec
import Merge

/// What the desk owes a customer, given twice.
extension Situations {
  /// Promises and compensations for one ticket, or for one customer without a ticket, by authors who did not know each
  /// other's. A promise that was taken back or kept is none any more, a broken one still counts. Tickets that were merged are one.
  static func promisedTwice(_ subject: Case) -> [SituationRule.Finding] {
    if subject.isPart { return [] }
    let ids = subject.ids
    var owed: [Owed] = subject.everyEntry.compactMap { step, entry in
      guard entry.kind == Vocabulary.compensation else { return nil }
      let what = amount(entry.amount, entry.currency) ?? (entry.isRedacted ? "something" : entry.text)
      return Owed(step: step, what: what, channel: entry.channel, about: nil, isCompensation: true)
    }
    for promise in subject.promises {
      guard let state = promise.state(), let step = promise.steps.first(where: \.placed.change.creates) else {
        continue
      }
      if ["waived", "kept"].contains(state.text("state") ?? "open") { continue }
      // A promise about a ticket is looked at with the ticket; it may have named another one once.
      let named = (["ticket", "customer"] as [ExactString]).lazy.compactMap { field in
        state.text(field).flatMap { EntityID($0) }
      }
      guard let about = named.first, ids.contains(about) else { continue }
      let what = amount(state.text("amount"), state.text("currency")) ?? state.text("text") ?? "something"
      owed.append(Owed(step: step, what: what, channel: nil, about: about, isCompensation: false))
    }
    var clashing: [Owed] = []
    for one in owed where owed.contains(where: { $0.step.isParallel(to: one.step) }) { clashing.append(one) }
    guard clashing.count > 1 else { return [] }
    clashing.sort { ($0.step.effective, $0.step.id) < ($1.step.effective, $1.step.id) }
    let isMoney = clashing.allSatisfy(\.isCompensation)
    let things = clashing.map { "\($0.what) by \($0.step.by)" }
    return [
      SituationRule.Finding(
        kind: isMoney ? .compensatedTwice : .promisedTwice,
        sides: clashing.map {
          var side = SituationRule.Finding.Side(
            $0.step, ($0.isCompensation ? "gave " : "promised ") + $0.what, channel: $0.channel)
          side.about = $0.about
          return side
        },
        says: "\(subject.who) was \(isMoney ? "given" : "promised") \(Phrase.list(things)), "
          + Phrase.unknowing(clashing.map(\.step.effective)),
        apology: isMoney
          ? nil
          : "Two of us gave you a promise about the same thing, \(Phrase.list(clashing.map(\.what))), and did not know of "
            + "each other. I am sorry for the confusion. This is what we will do: ")
    ]
  }

  private struct Owed {
    let step: HistoryStep
    let what: String
    let channel: String?
    /// The ticket that a promise names, or the customer where it names none; nil for an entry, which stands where it is.
    let about: EntityID?
    let isCompensation: Bool
  }

  private static func amount(_ amount: String?, _ currency: String?) -> String? {
    amount.map { amount in currency.map { "\(amount) \($0)" } ?? amount }
  }
}
