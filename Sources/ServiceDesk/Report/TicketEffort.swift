import Causality
import Codec
import Merge

/// What a ticket's timeline says about how the desk did: every wait of the customer, and the effort it took.
struct TicketEffort {
  /// A time that ran against a target.
  struct Wait: Equatable {
    let kind: TicketTargets.Kind
    /// Milliseconds since 1970; `end` nil while it runs.
    let start: UInt64
    let end: UInt64?
  }

  private(set) var waits: [Wait] = []
  /// How often the customer came: words of the customer that are less than an hour apart are one contact.
  private(set) var contacts = 0
  private(set) var transfers = 0
  /// When it was solved for good; nil for an open ticket.
  let solved: UInt64?

  /// - Parameters:
  ///   - entries: the whole timeline, by the time at which things happened.
  ///   - state: the ticket's, and `changes` those that made it.
  init(_ entries: [TicketPage.Entry], _ state: EntityState, _ changes: [PlacedChange]) {
    solved = Self.solved(state, changes)
    var clock = TicketClock([])
    var last: UInt64?
    for item in entries {
      let entry = item.entry
      if entry.kind == Vocabulary.transfer { transfers += 1 }
      guard entry.isContact else { continue }
      let at = entry.happened.milliseconds
      if entry.direction == "in" {
        if last.map({ at > $0 && at - $0 > Brief.Recurrence.pause }) ?? true { contacts += 1 }
        last = at
      }
      let before = clock
      clock.add(item)
      guard clock.waiting == nil else { continue }
      if before.answered == nil, let answered = clock.answered, let asked = clock.asked {
        waits.append(Wait(kind: .first, start: asked.milliseconds, end: answered.milliseconds))
      } else if before.answered != nil, let waiting = before.waiting {
        waits.append(Wait(kind: .next, start: waiting.milliseconds, end: at))
      }
    }
    if let waiting = clock.waiting {
      // Who came when it was finished already was not answered by that.
      waits.append(
        Wait(
          kind: clock.answered == nil ? .first : .next, start: waiting.milliseconds,
          end: solved.flatMap { $0 < waiting.milliseconds ? nil : $0 }))
    }
    waits.append(Wait(kind: .resolution, start: state.firstAt.milliseconds, end: solved))
  }

  /// Since when its status is a finished one: closing a ticket that was solved does not solve it later.
  private static func solved(_ state: EntityState, _ changes: [PlacedChange]) -> UInt64? {
    guard let shown = state.shown("status"), Vocabulary.finished.contains(shown.value.plain) else {
      return nil
    }
    var since: UInt64?
    for step in StatusStep.all(of: changes) {
      since = Vocabulary.finished.contains(step.status) ? since ?? step.at : nil
    }
    return since ?? shown.effective.milliseconds
  }
}
