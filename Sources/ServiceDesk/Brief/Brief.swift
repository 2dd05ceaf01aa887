import Causality
import Codec
import Merge

/// What an agent has to know before saying the first word to a customer: one screen.
public struct Brief: Sendable {
  /// A contact with the customer, on any channel and ticket.
  public struct Contact: Sendable, Hashable {
    /// The entry of the timeline.
    public let entry: TimelineEntry
    /// Where it is written down: a ticket, or the customer.
    public let on: EntityID
    /// What was said, as corrected; "" where it was redacted.
    public let text: String
  }

  /// How often the customer came with the same thing.
  public struct Recurrence: Sendable, Hashable {
    /// The contacts so far; the next one is one more.
    public let contacts: Int
    /// Since the first of them, milliseconds.
    public let span: UInt64
    /// The ticket that it is about.
    public let ticket: EntityID
    /// The topic, or the subject where there is none.
    public let topic: String
  }

  /// What the customer said of the service last.
  public struct Feedback: Sendable, Hashable {
    /// When it was written, by the author's clock.
    public let at: HybridTime
    /// How satisfied they were, 1 to 5; nil where it was not asked.
    public let csat: Int?
    /// How easy it was, 1 to 7; nil where it was not asked.
    public let ces: Int?
    /// What the customer wrote; nil where nothing.
    public let comment: String?
    /// The ticket that it is about.
    public let ticket: EntityID?
  }

  /// A field on which people disagree.
  public struct Disagreement: Sendable, Hashable {
    /// The entity that has the field.
    public let on: EntityID
    /// The field with its values.
    public let field: FieldView
  }

  /// What an organisation of the customer's shares with all who belong to it.
  public struct SharedFact: Sendable, Hashable {
    /// What is known.
    public let fact: FactView
    /// The organisation of which it is known.
    public let organisation: EntityID
    /// The organisation's name.
    public let organisationName: String
  }

  /// The customer, without facts whose purpose has no consent.
  public let customer: CustomerView
  /// What not to ask: usable for service now, ordered by key.
  public let facts: [FactView]
  /// What not to ask because the customer's organisations share it: usable for service now, under keys of which nothing is known
  /// of the customer.
  public let shared: [SharedFact]
  /// What people wrote down differently: to be confirmed.
  public let unclear: [FactView]
  /// What people wrote down differently of what the customer's organisations share: to be confirmed too.
  public let sharedUnclear: [SharedFact]
  /// How many facts may not be shown: consent was withdrawn or never given; given for another purpose; no longer valid.
  public let withheld: (consent: Int, purpose: Int, expired: Int)
  /// Whether the customer may be contacted unasked, and what was said about it.
  public let contact: Consents.Answer
  /// The channel that the customer likes best, and those not to use.
  public let preferred: String?
  /// Channels on which the customer does not want to be reached.
  public let avoided: [String]
  /// What was promised and is not kept yet, what is due first in front.
  public let promises: [PromiseRow]
  /// Newest update first.
  public let openTickets: [TicketRow]
  /// Open tickets that are shown as another customer's and are this one's by somebody: people disagree about whose they are.
  public let disputedTickets: [TicketRow]
  /// The last contacts on all channels, newest first.
  public let contacts: [Contact]
  /// nil for a customer who comes with something new.
  public let recurrence: Recurrence?
  /// The last survey; nil where there was none.
  public let feedback: Feedback?
  /// The fields of the customer, the tickets and what organisations share with different values.
  public let disagreements: [Disagreement]
  /// When it was made, milliseconds since 1970.
  public let now: UInt64
}

extension TimelineEntry {
  /// Whether it is words from or to the customer.
  public var isContact: Bool {
    direction != nil && kind != Vocabulary.note && kind != Vocabulary.event
  }

  /// When it happened: as the author says, else when it was written down.
  public var happened: HybridTime {
    value["at"]?.string.flatMap { HybridTime($0) } ?? effective
  }
}

extension Brief.Recurrence {
  /// Entries nearer to each other than this are one contact: an hour.
  static let pause: UInt64 = 3_600_000
  /// What lies further back is forgotten: 30 days.
  private static let horizon: UInt64 = 30 * 86_400_000

  /// Counts the customer's own contacts in some tickets. nil for none.
  init?(_ contacts: [Brief.Contact], about ticket: EntityID, topic: String, now: UInt64) {
    let times = contacts.filter { $0.entry.direction == "in" }.map(\.entry.happened.milliseconds)
      .filter { $0 + Self.horizon >= now && $0 <= now }.sorted()
    guard let first = times.first else { return nil }
    var count = 1
    for (earlier, later) in zip(times, times.dropFirst()) where later - earlier > Self.pause { count += 1 }
    self.init(contacts: count, span: now - first, ticket: ticket, topic: topic)
  }
}
