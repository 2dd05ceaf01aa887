import Agent
import Causality
import Codec
import Merge
import Storage

/// What a customer said about what may be done with their data.
public struct Consents: Sendable {
  /// A customer's answer about one purpose.
  public struct Answer: Sendable, Hashable {
    /// What the data may be used for.
    public let purpose: String
    /// Whether data may be used for it now.
    public let isGranted: Bool
    /// The answer that counts; nil where the customer said nothing and the workspace's default counts.
    public let head: Head?
    /// The channel on which the answer was given.
    public var channel: String? { head?.value["channel"]?.string }
  }

  /// The answer that counts, by purpose.
  private var heads: [String: Head] = [:]
  private let settings: Settings
  /// Whether the customer was erased: what they said is gone, and nothing may be done with what was kept.
  private let isErased: Bool

  /// The answers of a customer, with those that were given on the whole of profiles which are two again: until somebody tells whose
  /// such a withdrawal is it holds for both, since to withhold harms nobody.
  ///
  /// Cost: nothing where the customer was never split; else the changes of those that it was ever one with.
  /// - Parameter state: the customer's, of merged profiles the whole's; nil for one who said nothing.
  public init(_ state: EntityState?, _ settings: Settings, in store: Store) throws(StorageError) {
    self.init(state, settings)
    guard let state, !state.isErased, !state.unlinked.isEmpty else { return }
    for (field, head) in try OpenChanges.withdrawals(for: store.members(of: state.id), in: store) {
      // Who knew of it and wrote down another answer asked this customer.
      if state.registers[field]?.heads.contains(where: { $0.knew(head) }) == true { continue }
      let purpose = String(field.text.dropFirst(Vocabulary.consentPrefix.count))
      let known = heads[purpose].flatMap { Self.isWithdrawn($0.value) ? $0 : nil }
      if known.map({ ($0.effective, $0.id) < (head.effective, head.id) }) ?? true { heads[purpose] = head }
    }
  }

  /// The answers on one profile, or where nobody's count. Those of a customer are `init(_:_:in:)`.
  ///
  /// - Parameter state: the customer's; nil for one who said nothing.
  init(_ state: EntityState?, _ settings: Settings) {
    self.settings = settings
    isErased = state?.isErased ?? false
    for field in state?.registers.keys ?? [:].keys where field.text.hasPrefix(Vocabulary.consentPrefix) {
      heads[String(field.text.dropFirst(Vocabulary.consentPrefix.count))] = state?.shown(field)
    }
  }

  /// The answer about a purpose: of concurrent ones the withdrawal, whichever is later; of an erased customer a no.
  public func answer(_ purpose: String) -> Answer {
    if isErased { return Answer(purpose: purpose, isGranted: false, head: nil) }
    guard let head = heads[purpose] else {
      return Answer(purpose: purpose, isGranted: settings.isGrantedByDefault(purpose), head: nil)
    }
    // A word that this version does not know grants nothing.
    let word = head.value["state"]?.string ?? head.value.string
    return Answer(purpose: purpose, isGranted: word == "granted", head: head)
  }

  /// Whether data may be used for a purpose.
  public func allows(_ purpose: String) -> Bool { answer(purpose).isGranted }

  /// The answers about all purposes of the workspace, and about others that the customer was asked about.
  public var answers: [Answer] {
    let common = settings.purposes
    return (common + heads.keys.filter { !common.contains($0) }.sorted()).map(answer)
  }

  /// Whether the value of a consent is a no.
  static func isWithdrawn(_ value: JSONText) -> Bool {
    (value.string ?? value["state"]?.string) == "withdrawn"
  }

  /// An entity of this customer as lists, briefs and exports may show it: without the facts whose purpose has no consent and those
  /// that hold no longer, and how many fields that hides. One such head hides the others too, unless one of them says the same:
  /// what is left is less than people disagree about.
  ///
  /// Cost: the entity's fields.
  /// - Parameter now: milliseconds since 1970.
  public func shown(_ state: EntityState, now: UInt64) -> (state: EntityState, hidden: Int) {
    var (shown, hidden) = (state, Set<ExactString>())
    for fact in PlainLook(state).facts {
      let telling = fact.telling(for: nil, self, now: now)
      if telling.hidden != nil {
        hidden.insert(fact.field.name)
      } else if let usable = telling.usable, usable.field.heads.count < fact.field.heads.count {
        shown = shown.keeping(usable.field.heads, of: fact.field.name)
      }
    }
    return (shown.without(hidden), hidden.count)
  }

  /// The registers of an entity of this customer with a head that may not be shown: about these a conflict, which tells of all
  /// heads, says nothing.
  ///
  /// Cost: the entity's fields.
  /// - Parameter now: milliseconds since 1970.
  public func hidden(in state: EntityState, now: UInt64) -> Set<ExactString> {
    Set(
      PlainLook(state).facts.filter { fact in
        fact.everyHead.contains { $0.obstacle(for: nil, self, now: now) != nil }
      }.map(\.field.name))
  }
}

extension Head {
  /// Whether its author had merged another one when writing it.
  func knew(_ other: Head) -> Bool {
    if other.id.replica == id.replica { return other.id.sequence < id.sequence }
    return other.position.map { $0 <= seen } ?? false
  }
}
