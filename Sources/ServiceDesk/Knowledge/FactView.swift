import Causality
import Codec
import Merge

/// What is known of a customer or ticket under one key, and how it came to be known.
public struct FactView: Sendable, Hashable {
  /// What stands in the way of using a fact.
  public enum Obstacle: String, Sendable, Hashable {
    /// It holds no longer.
    case expired
    /// It was given for another purpose.
    case purpose
    /// The customer withdrew consent to its purpose.
    case withdrawn
  }

  /// `shoe_size` for the register `fact.shoe_size`.
  public let key: String
  /// What is known.
  public let value: JSONText
  /// The channel on which it was learned.
  public let channel: String?
  /// The ticket in which it was learned.
  public let ticket: EntityID?
  /// What it may be used for, and how long.
  private let terms: FactTerms
  /// One of `Vocabulary.confidences`.
  public let confidence: String
  /// Who learned it.
  public let by: String
  /// When it was learned, as that counts in the merge (`Protocol.md`, section 3).
  public let at: HybridTime
  /// The register; several heads with different values are a conflict.
  public let field: FieldView

  init(_ field: FieldView) {
    self.init(field, field.shown)
  }

  /// The fact as one of the register's heads has it.
  init(_ field: FieldView, _ head: Head) {
    key = String(field.name.text.dropFirst(Vocabulary.factPrefix.count))
    let written = head.value
    func member(_ name: String) -> String? { written["value"] == nil ? nil : written[name]?.string }
    value = written.known
    channel = member("channel")
    ticket = member("ticket").flatMap { EntityID($0) }
    terms = FactTerms(written)
    confidence = member("confidence") ?? "stated"
    by = member("by") ?? head.by
    at = member("at").flatMap { HybridTime($0) } ?? head.effective
    self.field = field
  }

  /// What it was given for.
  public var purpose: String { terms.purpose }
  /// From when on it has to be asked for again.
  public var expires: HybridTime? { terms.expires }

  /// All values that people wrote down without knowing of each other, the shown one first. Values that are the same
  /// stand once.
  public var alternatives: [FactView] {
    var found = [self]
    for head in field.heads where head.id != field.shown.id {
      let fact = FactView(field, head)
      if !found.contains(where: { $0.value == fact.value }) { found.append(fact) }
    }
    return found
  }

  /// The fact as each head has it.
  var everyHead: [FactView] { field.heads.map { FactView(field, $0) } }

  /// What may be told of a fact for a purpose.
  struct Telling {
    /// The fact with those heads only that may be used; nil where there is none.
    let usable: FactView?
    /// Why lists and briefs hide the field: a head that may not be used, whose value none has that may. nil where they tell what
    /// `usable` says.
    let hidden: Obstacle?
  }

  /// What may be told of the fact. Cost: its heads.
  ///
  /// - Parameters:
  ///   - purpose: what it is to be used for; nil for whatever it was given for.
  ///   - now: milliseconds since 1970.
  func telling(for purpose: String?, _ consents: Consents, now: UInt64) -> Telling {
    let usable = only { $0.obstacle(for: purpose, consents, now: now) == nil }
    let said = usable.map { Set($0.alternatives.map(\.value)) } ?? []
    let hiding = everyHead.filter { !said.contains($0.value) }.compactMap {
      $0.obstacle(for: purpose, consents, now: now)
    }
    return Telling(
      usable: usable, hidden: [.withdrawn, .purpose, .expired].first { hiding.contains($0) })
  }

  /// The fact as if only some of its heads were there; nil where none of these is.
  private func only(where isUsable: (FactView) -> Bool) -> FactView? {
    let heads = field.heads.filter { isUsable(FactView(field, $0)) }
    guard let last = heads.max(by: { ($0.effective, $0.id) < ($1.effective, $1.id) }) else { return nil }
    let shown = heads.contains { $0.id == field.shown.id } ? field.shown : last
    return FactView(FieldView(name: field.name, shown: shown, heads: heads))
  }

  /// Whether people disagree about the value.
  public var isConflict: Bool { alternatives.count > 1 }

  /// What stands in the way of using it; nil where nothing does.
  ///
  /// - Parameters:
  ///   - purpose: what it is to be used for; nil for whatever it was given for.
  ///   - now: milliseconds since 1970.
  public func obstacle(for purpose: String?, _ consents: Consents, now: UInt64) -> Obstacle? {
    terms.obstacle(for: purpose, consents, now: now)
  }
}

extension JSONText {
  /// The value of a register as another change writes it again, which takes it or brings it back: a fact with who learned it and
  /// when, where it does not tell yet.
  func learned(_ field: ExactString, by: String, at: HybridTime) -> JSONText {
    guard field.text.hasPrefix(Vocabulary.factPrefix) else { return self }
    let told = self["value"] == nil ? [("value", self)] : (members ?? []).map { ($0.key, $0.value) }
    guard !told.contains(where: { $0.0 == "by" }) else { return self }
    return JSONText(object: told + [("by", JSONText(by)), ("at", JSONText(at.description))])
  }

  /// The value of a register without who learned it and when, by which one that was taken from elsewhere is known again.
  func unlearned(_ field: ExactString) -> JSONText {
    guard field.text.hasPrefix(Vocabulary.factPrefix), self["value"] != nil else { return self }
    let rest = (members ?? []).filter { !["by", "at"].contains($0.key) }
    return rest.count == 1 ? known : JSONText(object: rest.map { ($0.key, $0.value) })
  }
}

/// What the value of a fact says of its use.
struct FactTerms: Sendable, Hashable {
  let purpose: String
  let expires: HybridTime?

  /// - Parameter written: the register's value.
  init(_ written: JSONText) {
    func member(_ name: String) -> String? { written["value"] == nil ? nil : written[name]?.string }
    purpose = member("purpose") ?? Vocabulary.service
    expires = member("expires").flatMap { HybridTime($0) }
  }

  /// As `FactView.obstacle(for:_:now:)`.
  func obstacle(for purpose: String?, _ consents: Consents, now: UInt64) -> FactView.Obstacle? {
    if !consents.allows(self.purpose) { return .withdrawn }
    if let purpose, purpose != self.purpose { return .purpose }
    if let expires, expires.milliseconds <= now { return .expired }
    return nil
  }
}

extension EntityView {
  /// What is known, ordered by key.
  public var facts: [FactView] {
    fields.filter { $0.name.text.hasPrefix(Vocabulary.factPrefix) }.map { FactView($0) }
  }

  /// What is known under one key; nil where nothing is.
  public func fact(_ key: String) -> FactView? {
    field(ExactString(Vocabulary.factPrefix + key)).map { FactView($0) }
  }
}
