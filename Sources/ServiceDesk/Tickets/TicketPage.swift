import Causality
import Codec
import Merge

/// A ticket with everything that belongs to it: the tickets that were merged into it, the entries that it was split off
/// with, and what became of each entry later.
public struct TicketPage: Sendable {
  /// An entry of the timeline as it is to be read now.
  public struct Entry: Sendable, Hashable {
    /// The entry of the timeline as it was written, also where it was redacted or corrected; `text` is what to show.
    public let entry: TimelineEntry
    /// The ticket in whose log it is.
    public let on: EntityID
    /// How far a message to the customer came: of `Vocabulary.replyStates`; nil for everything else.
    public internal(set) var state: String?
    /// For a message that waits to be sent: entries of the customer that its author had not seen. It is held back for them.
    public internal(set) var crossed: [ChangeID] = []
    /// For a message that did not go out: entries of the customer that neither its author had seen nor anybody who let it go. For
    /// these it would be held back, were it to wait.
    var unseen: [ChangeID] = []
    /// For a message that did not go out: what gave its ticket to another customer than its author knew, where nobody who let it go
    /// knew of that either. It is held back for these too.
    var reassigned: [ChangeID] = []
    /// Whether people disagree about to whom it would go.
    var isDisputed = false
    /// What the gateway says about it.
    public let detail: String?
    /// Why its text is hidden, and who hid it; nil where it is not.
    public let redacted: (reason: String, by: String)?
    /// The text as it should have been, why, and who says so.
    public let corrected: (text: String, reason: String?, by: String)?

    /// The text to show.
    public var text: String {
      redacted != nil ? "" : corrected?.text ?? entry.text
    }

    /// Whether two entries show the same; by whom and why something was hidden or corrected does not count.
    public static func == (left: Entry, right: Entry) -> Bool {
      left.entry == right.entry && left.on == right.on && left.state == right.state && left.text == right.text
    }

    /// By the entry alone, of which there is one on a page.
    public func hash(into hasher: inout Hasher) { hasher.combine(entry.id) }
  }

  /// The ticket that stays of all that were merged, with all that is known of it: `Desk.shown(_:)` is it without redacted words and
  /// facts that must not be shown; `entries` have no redacted words in their `text`.
  public let view: TicketView
  /// The tickets that were merged into it, ordered; with all that is known of them, as `view`.
  public let parts: [TicketView]
  /// By the time at which things happened.
  public let entries: [Entry]
  /// The ticket that this one was split from, and those that were split from it.
  public let splitFrom: EntityID?
  /// Tickets that were split from it.
  public let splitInto: [EntityID]
  /// Links to other tickets, ordered.
  public let links: [TicketLink]
  /// What was promised in it, settled promises too.
  public let promises: [PromiseRow]
  /// Which steps of good care were taken.
  public let care: [CareStep]

  /// The ticket's id.
  public var id: EntityID { view.id }

  /// Which of the tickets that are one here an entry is of: the one that would show it, were none of them merged. Its customer is the
  /// one whom the entry is about.
  func home(of entry: Entry) -> EntityID {
    let members = [view] + parts
    return members[Self.home(of: entry, among: members)].id
  }

  /// The place of that ticket among those that are one, of which the first is the one that stays.
  static func home(of entry: Entry, among members: [TicketView]) -> Int {
    if members.count == 1 { return 0 }
    let went = members.firstIndex {
      $0.state.splitSource == entry.on && $0.state.splitEntries.contains(entry.entry.id)
    }
    return went ?? members.firstIndex { $0.id == entry.on } ?? 0
  }
}

/// A link from a ticket to another one.
public struct TicketLink: Sendable, Hashable {
  /// One of `Vocabulary.relations`: what the other ticket is to this one.
  public let relation: String
  /// The other ticket.
  public let ticket: EntityID

  /// Parses an element of the set of links; nil for anything else.
  init?(_ element: String) {
    let parts = element.split(separator: " ", maxSplits: 1)
    guard parts.count == 2, let ticket = EntityID(parts[1]) else { return nil }
    relation = String(parts[0])
    self.ticket = ticket
  }
}

extension TicketPage.Entry {
  /// The entries of a timeline, with what the ticket's fields say of them.
  static func all(_ timeline: [TimelineEntry], on state: EntityState) -> [TicketPage.Entry] {
    let prefixes = [Vocabulary.replyPrefix, Vocabulary.redactedPrefix, Vocabulary.correctedPrefix]
    // Of most tickets no field speaks of an entry.
    let isPlain = !state.registers.keys.contains { field in prefixes.contains(where: field.text.hasPrefix) }
    return timeline.map { TicketPage.Entry($0, on: state, isPlain: isPlain) }
  }

  private init(_ entry: TimelineEntry, on state: EntityState, isPlain: Bool) {
    self.entry = entry
    on = state.id
    func head(_ prefix: String) -> Head? {
      isPlain ? nil : state.shown(ExactString(prefix + entry.id.description))
    }
    let outcome = head(Vocabulary.replyPrefix)
    detail = outcome?.value["detail"]?.string
    redacted = head(Vocabulary.redactedPrefix).map { ($0.value.plain, $0.by) }
    let written = outcome?.value["state"]?.string ?? entry.state
    // What was hidden before it went out is not to go out, least of all without its words.
    let isStopped = redacted != nil && ["draft", "queued", "held", "failed"].contains(written)
    self.state = entry.isMessageOut ? isStopped ? "cancelled" : written : nil
    corrected = head(Vocabulary.correctedPrefix).flatMap { head in
      head.value["text"]?.string.map { ($0, head.value["because"]?.string, head.by) }
    }
  }
}

extension [TicketPage.Entry] {
  /// Holds back queued messages to the customer that crossed with words of the customer: with those that the author had not
  /// seen, unless somebody released the message having seen each of them.
  ///
  /// Who let it go names each of them. Earlier versions named the last one alone, for all before it that they had seen. Who knew of the
  /// original of an entry that was made again knew its words.
  /// - Parameters:
  ///   - originals: where in the order the originals of entries are that were made again.
  ///   - releases: the heads of what became of a message.
  mutating func holdBack(originals: [ChangeID: UInt64] = [:], _ releases: (TicketPage.Entry) -> [Head]) {
    func isUnknown(_ entry: TimelineEntry, _ change: ChangeID, _ seen: UInt64) -> Bool {
      guard ChangeID.isUnknown(entry.id, at: entry.position, to: change, seen) else { return false }
      guard let first = entry.moves else { return true }
      return ChangeID.isUnknown(first, at: originals[first], to: change, seen)
    }
    for index in indices where self[index].state.map(Vocabulary.unsentStates.contains) == true {
      let reply = self[index]
      let crossing = filter { item in
        item.entry.direction == "in" && item.entry.isContact
          && isUnknown(item.entry, reply.entry.id, reply.entry.seen)
      }
      if crossing.isEmpty { continue }
      let heads = releases(reply)
      let named = Set(heads.flatMap(\.despite))
      let last = heads.compactMap { head in
        head.value["despite"]?.string.flatMap { ChangeID($0) }
          .flatMap { id in first { [$0.entry.id, $0.entry.moves].contains(id) } }
          .map { (head: head, at: $0.entry.effective) }
      }
      let unseen = crossing.map(\.entry).filter { entry in
        named.isDisjoint(with: [entry.id, entry.original])
          && !last.contains { entry.effective <= $0.at && !isUnknown(entry, $0.head.id, $0.head.seen) }
      }.map(\.id)
      self[index].unseen = unseen
      guard reply.state == "queued", !unseen.isEmpty else { continue }
      self[index].crossed = unseen
      self[index].state = "held"
    }
  }
}

extension EntityState {
  /// The entries of the customer that somebody had seen who let a message go nonetheless: of all who did.
  func despite(_ message: ChangeID) -> Set<ChangeID> {
    Set(outcomes(of: message).flatMap(\.despite))
  }

  /// The heads of what became of a message.
  func outcomes(of message: ChangeID) -> [Head] { registers[Desk.replyField(message)]?.heads ?? [] }
}

extension Head {
  /// Of what became of a message: the entries of the customer that whoever let it go had seen.
  fileprivate var despite: [ChangeID] {
    guard let despite = value["despite"] else { return [] }
    return (despite.elements ?? [despite]).compactMap { $0.string.flatMap { ChangeID($0) } }
  }
}

extension TimelineEntry {
  /// Whether it is a written message to the customer.
  var isMessageOut: Bool { kind == Vocabulary.message && direction == "out" }

  /// The change that wrote it first.
  var original: ChangeID { moves ?? id }
}

extension ChangeID {
  /// Whether the author of a change, who had merged so much, did not know of another one at a place in the order: neither did that
  /// device have it before, nor did the author's store.
  fileprivate static func isUnknown(
    _ id: ChangeID, at position: UInt64?, to change: ChangeID, _ seen: UInt64
  ) -> Bool {
    if id.replica == change.replica { return id.sequence > change.sequence }
    guard let position else { return true }
    return position > seen
  }
}
