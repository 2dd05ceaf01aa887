import Codec
import Merge

/// A rule by which tickets that nobody has get a team and a priority.
///
/// It fits a ticket for which each kind of condition that it has holds; of several values of a kind one has to. A rule
/// without conditions fits every ticket.
public struct TriageRule: Sendable, Hashable {
  /// What makes it one rule on every device; setting another of the same name replaces it.
  public let name: String
  /// The rule with the least number is tried first; of equal ones, the one whose name comes first.
  public var order = 100
  /// Topics, whatever their case and accents.
  public var topics: [String] = []
  /// Words or phrases in the subject or in what the customer said; `leak*` for all words that begin so.
  public var words: [String] = []
  /// The channels on which the customer came.
  public var channels: [String] = []
  /// The customer's tier: the field or fact `tier`, that of an organisation of theirs, or a tag.
  public var tiers: [String] = []
  /// The customer's language; `sv` fits `sv-FI` too.
  public var languages: [String] = []
  /// Where the customer lives: a country's letters, a region, a city or the beginning of a postcode.
  public var places: [String] = []
  /// The team that gets the ticket.
  public var team: String
  /// The priority that the ticket has at least; nil leaves it.
  public var priority: String?

  /// A rule without conditions. What it must have is checked by `Desk.setTriageRule`.
  public init(_ name: String, team: String) {
    self.name = name
    self.team = team
  }

  /// Reads the setting; nil where it leads to no team.
  init?(_ name: String, _ value: JSONText) {
    guard let team = value["team"]?.string, !team.isEmpty else { return nil }
    self.init(name, team: team)
    order = value["order"]?.int ?? 100
    for (member, path) in Self.conditions {
      self[keyPath: path] = value[member]?.elements?.compactMap(\.string) ?? []
    }
    priority = value["priority"]?.string
  }

  /// The setting.
  var value: JSONText {
    var members: [(String, JSONText)] = [("order", JSONText(order))]
    for (member, path) in Self.conditions where !self[keyPath: path].isEmpty {
      members.append((member, JSONText(array: self[keyPath: path].map { JSONText($0) })))
    }
    members.append(("team", JSONText(team)))
    if let priority { members.append(("priority", JSONText(priority))) }
    return JSONText(object: members)
  }

  /// What it asks for, each kind with its values, in the order of the setting.
  public var conditions: [(name: String, values: [String])] {
    Self.conditions.map { ($0, self[keyPath: $1]) }.filter { !$0.values.isEmpty }
  }

  private static var conditions: [(String, WritableKeyPath<TriageRule, [String]>)] {
    [
      ("topic", \.topics), ("words", \.words), ("channel", \.channels), ("tier", \.tiers),
      ("language", \.languages), ("place", \.places),
    ]
  }
}

/// A word or several in a row, as a rule looks for them.
struct WordPattern {
  private let words: [(text: String, isStart: Bool)]

  init(_ text: String) {
    words = text.split(whereSeparator: \.isWhitespace).flatMap { piece in
      let folded = TextFolding.words(String(piece))
      return folded.enumerated().map { ($1, piece.hasSuffix("*") && $0 == folded.count - 1) }
    }
  }

  /// Whether folded words hold it.
  func isIn(_ text: [String]) -> Bool {
    guard !words.isEmpty, text.count >= words.count else { return false }
    return (0...text.count - words.count).contains { start in
      words.enumerated().allSatisfy { index, word in
        let other = text[start + index]
        return word.isStart ? other.hasPrefix(word.text) : other == word.text
      }
    }
  }
}

extension Settings {
  /// The rules of triage, in the order in which they are tried.
  public var triageRules: [TriageRule] {
    names(Vocabulary.triagePrefix).compactMap { name in
      value(Vocabulary.triagePrefix + name).flatMap { TriageRule(name, $0) }
    }.sorted { ($0.order, $0.name) < ($1.order, $1.name) }
  }
}
