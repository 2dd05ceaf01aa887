import Causality
import Codec
import Merge

/// All that the rules about one entity may look at: its own history and those of what it has to do with. Pure.
struct Case: Sendable {
  /// The entity on which its conflicts are settled, together with those that it is shown as one with.
  let owner: EntityHistory
  let state: EntityState
  let fields: [ExactString: FieldHistory]
  /// The customer of a ticket or promise, where a rule may need it; the customer itself for a customer.
  var customer: EntityHistory?
  var customerName: String?
  /// The promises that name the owner, or did.
  var promises: [EntityHistory] = []
  /// Whether it is a ticket that was merged into another one, with which the situations of both are told. Of an erased one
  /// nothing is told, so a part of that is none.
  var isPart = false
  /// Of a ticket those that were merged into it, by themselves.
  private(set) var parts: [Case] = []
  /// What the owner may be the twin of, or was merged with.
  var others: [EntityHistory] = []

  /// The entries of the timeline that were redacted.
  private let redacted: Set<ChangeID>

  init(_ owner: EntityHistory, _ state: EntityState) {
    self.owner = owner
    self.state = state
    redacted = Set(
      state.registers.keys.lazy.filter { $0.text.hasPrefix(Vocabulary.redactedPrefix) }.compactMap { field in
        ChangeID(field.text.dropFirst(Vocabulary.redactedPrefix.count))
      })
    fields = FieldHistory.all(owner)
  }

  /// Takes in the tickets that were merged into the owner, of some that were at some time.
  mutating func take(parts candidates: [Case]) {
    var reached = [owner.id]
    var rest = candidates
    while let id = reached.popLast() {
      parts += rest.filter { $0.state.mergedInto == id }
      reached += rest.lazy.filter { $0.state.mergedInto == id }.map(\.owner.id)
      rest.removeAll { $0.state.mergedInto == id }
    }
    parts.sort { $0.owner.id < $1.owner.id }
  }

  var type: String { owner.id.type }

  /// The owner, and the tickets that were merged into it.
  var ids: Set<EntityID> { Set(owner.members + parts.map(\.owner.id)) }

  /// Who the customer is, as a sentence names them: `Lars`, `customer C-17` or `the customer`.
  var who: String {
    if let name = customerName, !name.isEmpty { return name }
    guard type == Vocabulary.customer, let ref else { return "the customer" }
    return "customer \(ref)"
  }

  /// Which ticket it is, as a sentence names it: `the ticket of Lars`, `ticket INC0000045`, or what it is about.
  var ticketName: String {
    if let name = customerName, !name.isEmpty { return "the ticket of \(name)" }
    if let ref { return "ticket \(ref)" }
    if let subject = state.text("subject"), !subject.isEmpty { return "the ticket \(Phrase.quoted(subject))" }
    return "a ticket"
  }

  /// Its number in another system.
  private var ref: String? { state.text("ref").flatMap { $0.isEmpty ? nil : $0 } }

  /// The timeline's entries with the steps that wrote them, without words that were redacted since. One that was made again at an erasure
  /// is none: who erased did not say it, and what there was to tell of it was told where it was said.
  var entries: [(step: HistoryStep, entry: Entry)] {
    owner.steps.flatMap { step in
      step.edits.compactMap { edit -> (HistoryStep, Entry)? in
        guard edit.field == Vocabulary.timeline, case .log(let value) = edit.action else { return nil }
        let entry = Entry(value, isRedacted: redacted.contains(step.id))
        return entry.isMadeAgain ? nil : (step, entry)
      }
    }
  }

  /// The entries of the owner and of its parts.
  var everyEntry: [(step: HistoryStep, entry: Entry)] { entries + parts.flatMap(\.entries) }

  /// Whether an answer to the customer rests on facts.
  var restsOnFacts: Bool { entries.contains { !$0.entry.facts.isEmpty } }

  /// Whether somebody who knew some steps wrote to the customer, in words that reached them or are on the way.
  func isAnswered(knowing steps: HistoryStep...) -> Bool {
    let replies = everyEntry.filter { reply in
      reply.entry.isReply && steps.allSatisfy { reply.step.placed.knew($0.placed) }
    }
    guard !replies.isEmpty else { return false }
    let stopped = parts.reduce(stopped) { $0.union($1.stopped) }
    return replies.contains { !stopped.contains($0.step.id) }
  }

  /// The messages to the customer that did not go out: taken back, failed, or held back because they crossed with words of the
  /// customer.
  var stopped: Set<ChangeID> {
    guard let log = state.logs[Vocabulary.timeline] else { return [] }
    let said = log.map(TimelineEntry.init).filter { $0.moves == nil }
    var entries = TicketPage.Entry.all(said, on: state)
    entries.holdBack { state.outcomes(of: $0.entry.id) }
    let stopping = Vocabulary.stoppedStates.union(["held"])
    return Set(entries.filter { $0.state.map(stopping.contains) == true }.map(\.entry.id))
  }

  /// The members of a timeline's entry that rules look at.
  struct Entry: Sendable {
    let kind: String
    let channel: String?
    let direction: String?
    /// What was said; "" where it was redacted.
    let text: String
    /// Whether its words were hidden since.
    let isRedacted: Bool
    let amount: String?
    let currency: String?
    /// The keys of the facts that an answer rests on.
    let facts: [String]
    let purpose: String
    /// Whether it was made again where it is shown.
    let isMadeAgain: Bool

    init(_ value: JSONText, isRedacted: Bool) {
      let members = value.members(named: Self.names)
      kind = members[0]?.plain ?? ""
      channel = members[1]?.plain
      direction = members[2]?.plain
      self.isRedacted = isRedacted
      text = isRedacted ? "" : members[3]?.plain ?? value.string ?? ""
      amount = members[4]?.plain
      currency = members[5]?.plain
      purpose = members[6]?.plain ?? "service"
      isMadeAgain = members[8] != nil
      facts = (members[7]?.elements ?? []).compactMap { element in
        element.string.map {
          $0.hasPrefix(Vocabulary.factPrefix) ? String($0.dropFirst(Vocabulary.factPrefix.count)) : $0
        }
      }
    }

    private static let names = [
      "kind", "channel", "direction", "text", "amount", "currency", "purpose", "facts", Vocabulary.moves,
    ]

    var isIncoming: Bool { direction == "in" }
    var isReply: Bool { direction == "out" && kind != "note" }
  }
}

extension HistoryStep {
  /// Whether neither author had merged the other's change.
  func isParallel(to other: HistoryStep) -> Bool {
    id != other.id && !placed.knew(other.placed) && !other.placed.knew(placed)
  }

  /// What a register was set to.
  func value(of field: ExactString) -> JSONText? {
    edits.lazy.filter { $0.field == field }.compactMap(\.value).first
  }
}

/// Words for sentences.
package enum Phrase {
  /// A length of time in its largest whole unit: `40 minutes`.
  static func span(_ milliseconds: UInt64) -> String {
    let (count, unit) = measure(milliseconds)
    return "\(count) \(unit)\(count == 1 ? "" : "s")"
  }

  /// A length of time in its largest whole unit, which comes without an s.
  package static func measure(_ milliseconds: UInt64) -> (count: Int, unit: String) {
    let seconds = milliseconds / 1000
    let (count, unit) =
      switch seconds {
      case ..<60: (seconds, "second")
      case ..<3600: (seconds / 60, "minute")
      case ..<172_800: (seconds / 3600, "hour")
      default: (seconds / 86_400, "day")
      }
    return (Int(count), unit)
  }

  static func between(_ left: HybridTime, _ right: HybridTime) -> UInt64 {
    max(left, right).milliseconds - min(left, right).milliseconds
  }

  /// `40 minutes apart`.
  static func apart(_ times: [HybridTime]) -> String {
    guard let first = times.min(), let last = times.max() else { return "" }
    let gap = between(first, last)
    return gap < 1000 ? "at the same moment" : "\(span(gap)) apart"
  }

  /// What was done at these times by as many authors who did not know of each other:
  /// `40 minutes apart, neither knowing`.
  static func unknowing(_ times: [HybridTime]) -> String {
    apart(times) + (times.count == 2 ? ", neither knowing" : ", none knowing of the others")
  }

  /// With a capital letter in front.
  static func capital(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() }

  /// `a, b and c`.
  package static func list(_ words: [String]) -> String {
    guard let last = words.last, words.count > 1 else { return words.first ?? "" }
    return words.dropLast().joined(separator: ", ") + " and " + last
  }

  /// A text in quotes, cut where it is long.
  package static func quoted(_ text: String, _ limit: Int = 60) -> String {
    let line = text.split(whereSeparator: \.isNewline).joined(separator: " ")
    return "\"" + (line.count > limit ? line.prefix(limit - 1) + "…" : line) + "\""
  }
}
