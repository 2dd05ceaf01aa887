import Causality
import Codec
import Merge

/// What the timeline of a ticket says about answers: since when the customer waits, and when the first answer came. Always
/// derived, never stored.
struct TicketClock: Sendable, Hashable {
  /// When the customer came first; nil where the timeline has no word of the customer.
  private(set) var asked: HybridTime?
  /// When the first answer behind that came.
  private(set) var answered: HybridTime?
  /// Since when the customer waits for an answer; nil where nobody waits.
  private(set) var waiting: HybridTime?
  /// The channels on which messages to the customer wait to be sent, ordered.
  private(set) var outbox: [String] = []
  /// Whether another ticket was ever merged into it, it was split from one, or one from it: then others' entries count for it too,
  /// or not all of its own.
  private(set) var hasParts = false

  init(_ state: EntityState) {
    guard let log = state.logs[Vocabulary.timeline] else {
      hasParts = state.splitSource != nil
      return
    }
    var channels: Set<String> = []
    var entries = TicketPage.Entry.all(log.map(TimelineEntry.init), on: state)
    // As a page has them: a call may be written down behind a message that came later.
    entries.sort { ($0.entry.happened, $0.entry.id) < ($1.entry.happened, $1.entry.id) }
    entries.cancelTwins()
    // What came along from another ticket is not in this one's log.
    if state.splitSource != nil { hasParts = true }
    for entry in entries {
      add(entry)
      if entry.entry.event == Vocabulary.split.text
        || entry.entry.event == "merged" && entry.entry.value["ticket"] != nil
      {
        hasParts = true
      }
      if ["queued", "held", "sending"].contains(entry.state), let channel = entry.entry.channel {
        channels.insert(channel)
      }
    }
    outbox = channels.sorted()
  }

  init(_ entries: [TicketPage.Entry]) {
    for entry in entries { add(entry) }
  }

  mutating func add(_ item: TicketPage.Entry) {
    let entry = item.entry
    guard entry.isContact else { return }
    if entry.kind == Vocabulary.call || entry.direction == "out" {
      // What never reached the customer is no answer.
      if let state = item.state, Vocabulary.stoppedStates.contains(state) { return }
      if entry.direction == "in", asked == nil { asked = entry.happened }
      if asked != nil, answered == nil { answered = entry.happened }
      waiting = nil
    } else if entry.direction == "in" {
      if asked == nil { asked = entry.happened }
      if waiting == nil { waiting = entry.happened }
    }
  }
}
