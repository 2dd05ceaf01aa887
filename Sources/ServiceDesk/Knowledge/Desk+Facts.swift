import Agent
import Causality
import Codec
import Merge
import Storage

/// A fact to be written down.
public struct NewFact: Sendable, Hashable {
  /// The key, without `fact.` in front.
  public var key: String
  /// What is known.
  public var value: JSONText
  /// The channel on which it was learned, and the ticket.
  public var channel: String?
  /// The ticket that it is about; nil where it is about none.
  public var ticket: EntityID?
  /// What it was given for; nil for service.
  public var purpose: String?
  /// From when on it has to be asked for again; nil for what `question.<key>` says, else never.
  public var expires: HybridTime?
  /// One of `Vocabulary.confidences`; nil for `stated`.
  public var confidence: String?
  /// Whether the customer confirmed what was read out, and so was not asked again.
  public var isConfirmation = false

  /// A fact as the customer stated it, for service.
  public init(_ key: String, _ value: JSONText) {
    self.key = key
    self.value = value
  }
}

/// What became of a new fact.
public struct FactOutcome: Sendable {
  /// The change; nil where nothing new was said.
  public let change: Change?
  /// The fact with the same value that was known and usable before: the customer was made to repeat it.
  public let repeated: FactView?
}

extension Desk {
  /// Writes down what a customer said, on the customer or on a ticket.
  ///
  /// Where the same value was known and usable already, that is counted as a question asked again, unless it is a
  /// confirmation. Concurrent facts of one key with different values become a conflict; with the same, none.
  /// - Throws: `DeskError.secret` for what must not be kept; `.invalid` for a key without words, for no value (`null`), for a
  ///   purpose or confidence that there is not, and of a customer for what the profile answers, such as `phone`: there gateways
  ///   and searches look, so it goes into `FactKey.profileField` by `add` or `set`.
  @discardableResult
  public func setFact(
    _ entity: EntityID, _ fact: NewFact, at: HybridTime? = nil, by: String? = nil
  ) throws(DeskError) -> FactOutcome {
    let settings = try settings()
    if let reason = settings.secrets.reason(key: fact.key, value: fact.value) { throw .secret(reason) }
    guard !FactKey.normal(fact.key).isEmpty else {
      throw .invalid("'\(fact.key)' has no letter or digit, so it is no key of a fact")
    }
    guard !fact.value.isNull else { throw .invalid("a fact needs a value; 'fact retract' takes one back") }
    if entity.type == Vocabulary.customer, let field = FactKey.profileField(fact.key) {
      throw .invalid(
        "'\(fact.key)' is a part of the profile, where everybody looks for it: it goes into the customer's '\(field)'"
      )
    }
    if let confidence = fact.confidence, !Vocabulary.confidences.contains(confidence) {
      throw .invalid(
        "there is no confidence '\(confidence)', but \(Vocabulary.confidences.joined(separator: ", "))")
    }
    if let purpose = fact.purpose, !settings.purposes.contains(purpose) {
      throw .invalid(
        "there is no purpose '\(purpose)' here, but \(settings.purposes.joined(separator: ", "))")
    }
    let state = try known(entity)
    let register = FactKey.register(fact.key, of: state)
    let now = at?.milliseconds ?? store.environment.now()
    // What was said on a ticket that was merged into this one was said.
    let told = entity.type == Vocabulary.ticket ? try answering(entity) : state
    let known = PlainLook(told).field(FactKey.register(fact.key, of: told)).map { FactView($0) }
    var repeated: FactView?
    if let known, !known.isConflict, known.value == fact.value, !fact.isConfirmation {
      let consents = try consents(for: state)
      repeated = known.telling(for: fact.purpose ?? known.purpose, consents, now: now).usable
    }
    var members = [("value", fact.value)]
    if let channel = fact.channel { members.append(("channel", JSONText(channel))) }
    if let ticket = fact.ticket { members.append(("ticket", JSONText(ticket.description))) }
    members.append(("purpose", JSONText(fact.purpose ?? known?.purpose ?? Vocabulary.service)))
    let days = settings.days(FactKey.normal(fact.key)).map { UInt64($0) * 86_400_000 }
    if let expires = fact.expires
      ?? days.map({ HybridTime(milliseconds: min(now, HybridTime.maximumMilliseconds) + $0) })
    {
      members.append(("expires", JSONText(expires.description)))
    }
    members.append(("confidence", JSONText(fact.confidence ?? "stated")))
    var draft = Draft()
    // What says the same as before says nothing new: the first who learned it keeps the credit.
    let isNew =
      repeated == nil || fact.expires != nil || fact.purpose ?? known?.purpose != known?.purpose
      || fact.confidence ?? known?.confidence != known?.confidence
    if isNew { draft.set[register] = JSONText(object: members) }
    if repeated != nil, entity.type == Vocabulary.customer {
      draft.log[Vocabulary.questions] = QuestionEntry.value(
        again: [FactKey.normal(fact.key)], channel: fact.channel, ticket: fact.ticket)
    }
    let change = try commit(Edit(.entity(entity), draft, at: at, by: by))
    return FactOutcome(change: change, repeated: repeated)
  }

  /// Takes a fact back: all values that this device knows of, of a ticket also those of its parts that are its answers. What
  /// a colleague writes down at the same time stays.
  ///
  /// - Parameter reason: why; kept in the timeline.
  /// - Returns: nil where nothing was known.
  @discardableResult
  public func retractFact(
    _ entity: EntityID, _ key: String, because reason: String?
  ) throws(DeskError) -> Change? {
    var edits: [Edit] = []
    let own = try known(entity)
    for state in try entity.type == Vocabulary.ticket ? [own] + speakingParts(of: own) : [own] {
      let id = state.id == own.id ? entity : state.id
      let register = FactKey.register(key, of: state)
      guard state.registers[register] != nil else { continue }
      var draft = Draft()
      draft.clear.insert(register)
      if let reason, edits.isEmpty {
        draft.log[Vocabulary.timeline] = JSONText(object: [
          ("kind", JSONText(Vocabulary.event)), ("event", JSONText("fact-retracted")), ("key", JSONText(key)),
          ("text", JSONText(reason)),
        ])
      }
      edits.append(Edit(.entity(id), draft))
    }
    return try stored { () throws(StorageError) in try store.commit(edits) }.lazy.compactMap(\.self).first
  }
}
