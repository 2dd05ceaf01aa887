import Agent
import Codec
import Merge
import Storage

/// What the workspace agreed on, with defaults where it did not: a look at the entity `settings/0000000000.1`.
public struct Settings: Sendable {
  /// The entity; nil where nobody set anything.
  public let state: EntityState?

  init(_ state: EntityState?) {
    self.state = state
  }

  /// The shown value of a setting; nil where nobody set it.
  func value(_ field: String) -> JSONText? { state?.shown(ExactString(field))?.value }

  /// The names behind a prefix that have a value, or elements, ordered.
  func names(_ prefix: String) -> [String] {
    guard let state else { return [] }
    return Set((Array(state.registers.keys) + Array(state.sets.keys)).map(\.text))
      .filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }.sorted()
  }

  /// What must not be kept.
  public var secrets: Secrets { Secrets(further: state?.elements(Vocabulary.secretKeys) ?? []) }

  // MARK: Purposes

  /// All purposes, those that every workspace has first.
  public var purposes: [String] {
    let common = Vocabulary.purposes.map(\.name)
    return common + names(Vocabulary.purposePrefix).filter { !common.contains($0) }
  }

  /// Whether a purpose counts as granted where a customer said nothing.
  public func isGrantedByDefault(_ purpose: String) -> Bool {
    if let own = value(Vocabulary.purposePrefix + purpose)?["default"]?.string { return own == "granted" }
    return Vocabulary.purposes.first { $0.name == purpose }?.isGranted ?? false
  }

  /// What a purpose means, in the workspace's words.
  public func explanation(ofPurpose purpose: String) -> String? {
    value(Vocabulary.purposePrefix + purpose)?["text"]?.string
  }

  // MARK: Questions

  /// How to ask for a fact.
  public func question(_ key: String) -> String? {
    value(Vocabulary.questionPrefix + key)?["text"]?.string
  }

  /// The most days that an answer may hold.
  static let maximumDays = 36_500

  /// How many days an answer holds, 1 to 36,500; nil for always.
  public func days(_ key: String) -> Int? {
    value(Vocabulary.questionPrefix + key)?["days"]?.int.flatMap { 1...Self.maximumDays ~= $0 ? $0 : nil }
  }

  /// The processes that have a checklist, ordered.
  public var processes: [String] {
    Set(names(Vocabulary.checklistPrefix)).union(Self.checklists.keys).sorted()
  }

  /// The keys that a process needs: a workspace's own ordered by their bytes, since a set has no other order, else as people ask for
  /// them; nil where there is no such process.
  public func checklist(_ process: String) -> [String]? {
    let own = state?.elements(ExactString(Vocabulary.checklistPrefix + process)) ?? []
    return own.isEmpty ? Self.checklists[process] : own
  }

  /// Where a workspace has none of that name.
  private static let checklists: [String: [String]] = [
    "callback": ["phone", "best_time"],
    "complaint": ["order_number", "what_happened", "wish"],
    "delivery": ["order_number", "address", "best_time"],
    "return": ["order_number", "product", "reason", "refund_or_exchange"],
  ]
}

extension Desk {
  /// The workspace's settings. Cost: one entity.
  public func settings() throws(DeskError) -> Settings {
    try stored { () throws(StorageError) in Settings(try store.state(of: Vocabulary.settingsID)) }
  }
}
