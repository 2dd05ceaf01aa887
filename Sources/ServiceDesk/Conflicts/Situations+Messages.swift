import Causality
import Codec
import Merge

/// Situations between what a customer said and what an agent did.
extension Situations {
  /// What an entry says, in quotes; of one that was redacted, that it was.
  private static func words(_ entry: Case.Entry) -> String {
    entry.isRedacted ? "what was redacted" : Phrase.quoted(entry.text, 200)
  }

  /// A ticket that stays finished by somebody who had not seen a message of the customer.
  ///
  /// Over when somebody who knew both writes to the customer, or sets the status anew. What was written on a ticket that was
  /// merged into it counts too.
  static func unseenMessage(_ subject: Case) -> [SituationRule.Finding] {
    guard !subject.isPart, let shown = subject.state.shown("status"),
      Vocabulary.finished.contains(shown.value.plain),
      let solved = subject.owner.step(shown.id)
    else { return [] }
    return subject.everyEntry.filter { $0.entry.isIncoming && $0.step.isParallel(to: solved) }.compactMap {
      message, entry in
      if subject.isAnswered(knowing: message, solved) { return nil }
      let gap = Phrase.span(Phrase.between(message.effective, solved.effective))
      let when = message.effective < solved.effective ? "\(gap) before" : "\(gap) after"
      let (says, apology) =
        entry.isRedacted
        ? (", whose words are hidden since", "a message of yours")
        : (": \(Phrase.quoted(entry.text))", "your message \(Phrase.quoted(entry.text, 200))")
      return SituationRule.Finding(
        kind: .unseenMessage,
        sides: [
          .init(solved, "set the status to \(shown.value.plain)"),
          .init(message, "took down \(words(entry))", channel: entry.channel),
        ],
        says:
          "\(Phrase.capital(subject.ticketName)) was \(shown.value.plain) by \(solved.by), who had not seen the message that "
          + "\(message.by) took down \(when)\(says)",
        apology:
          "We closed your case without having read \(apology). I am sorry. "
          + "I have read it now, and your case is open again: ")
    }
  }

  /// A reply to a customer who had withdrawn the consent for it, as a colleague knew.
  static func withdrawnConsent(_ subject: Case) -> [SituationRule.Finding] {
    guard let customer = subject.customer else { return [] }
    let withdrawals = customer.steps.filter { !$0.placed.change.isWithdrawalAgain }.flatMap { step in
      step.edits.compactMap { edit -> (step: HistoryStep, purpose: String)? in
        guard let field = edit.field, field.text.hasPrefix(Vocabulary.consentPrefix), let value = edit.value,
          Consents.isWithdrawn(value)
        else { return nil }
        return (step, String(field.text.dropFirst(Vocabulary.consentPrefix.count)))
      }
    }
    if withdrawals.isEmpty { return [] }
    let stopped = subject.stopped
    return subject.entries.filter { $0.entry.isReply && !stopped.contains($0.step.id) }.compactMap {
      reply, entry in
      // Contact is what every reply needs; the rest only concerns what was written for it.
      let hit = withdrawals.first { withdrawal, purpose in
        (purpose == "contact" || purpose == entry.purpose) && reply.isParallel(to: withdrawal)
          && withdrawal.effective <= reply.effective
      }
      guard let (withdrawal, purpose) = hit else { return nil }
      let channel = entry.channel.map { " on \($0)" } ?? ""
      return SituationRule.Finding(
        kind: .withdrawnConsent,
        sides: [
          .init(reply, "wrote \(words(entry))", channel: entry.channel),
          .init(withdrawal, "took down that the consent for \(purpose) is withdrawn"),
        ],
        says: "\(subject.who) was written to by \(reply.by)\(channel) "
          + "\(Phrase.span(Phrase.between(reply.effective, withdrawal.effective))) after withdrawing the consent for "
          + "\(purpose), which \(withdrawal.by) knew and \(reply.by) did not",
        apology: purpose == "contact"
          ? nil
          : "You had asked us not to use your data for \(purpose), and we did once more. I am sorry: it was "
            + "written before your wish had reached us.")
    }
  }

  /// An answer that rests on a fact of which a colleague had a newer value.
  ///
  /// Over when somebody who knew both writes to the customer again.
  static func staleFact(_ subject: Case) -> [SituationRule.Finding] {
    guard let customer = subject.customer else { return [] }
    let replies = subject.entries.filter { $0.entry.isReply && !$0.entry.facts.isEmpty }
    if replies.isEmpty { return [] }
    let stopped = subject.stopped
    return replies.flatMap { reply, entry -> [SituationRule.Finding] in
      guard !stopped.contains(reply.id) else { return [] }
      return entry.facts.compactMap { key in
        let field = ExactString(Vocabulary.factPrefix + key)
        let told = customer.state { reply.placed.knew($0) }?.shown(field)?.value
        let newer = customer.steps.last { step in
          // Of values that are no longer kept nobody can say that they were equal, and who knew of one wrote another.
          guard let value = step.value(of: field), value.known != told?.known || value.isThinned else {
            return false
          }
          return step.isParallel(to: reply) && step.effective <= reply.effective
        }
        guard let newer, let value = newer.value(of: field) else { return nil }
        if subject.isAnswered(knowing: reply, newer) { return nil }
        let old = told.map { Conflict.words(field, $0) } ?? "nothing"
        let new = Conflict.words(field, value)
        return SituationRule.Finding(
          kind: .staleFact,
          sides: [
            .init(
              reply, "answered with \(key) \(Phrase.quoted(old))", channel: entry.channel),
            .init(newer, "had taken down \(key) \(Phrase.quoted(new))"),
          ],
          says: "\(subject.who) got an answer from \(reply.by) with \(key) \(Phrase.quoted(old)), while "
            + "\(newer.by) had \(Phrase.quoted(new)) since "
            + "\(Phrase.span(Phrase.between(reply.effective, newer.effective)))",
          apology:
            "My last answer went by \(Phrase.quoted(old)), although you had told us \(Phrase.quoted(new)). "
            + "I am sorry. With what you told us: ",
          key: [reply.id, newer.id])
      }
    }
  }
}
