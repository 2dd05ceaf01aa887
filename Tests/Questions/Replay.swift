import Agent
import Causality
import Codec
import Merge
import ServiceDesk

/// Replays dialogues: what customers gave becomes facts, and what agents asked is put to the guard first.
struct Replay {
  /// What came of the questions.
  struct Counts {
    var dialogues = 0
    var customers = 0
    var facts = 0
    /// Facts that were refused as secret, by key.
    var refused: [String: Int] = [:]
    var asked = 0
    /// Known: the customer then gave the same value, another one, or none in a look-up.
    var same = 0
    var other = 0
    var silent = 0
    var unknown = 0
    /// Asked for a secret, which is never known.
    var secret = 0

    var known: Int { same + other + silent }
  }

  private let desk: Desk
  private let questions: [String: String]
  private let constraints: [String: String]
  private var customers: [String: EntityID] = [:]
  private(set) var counts = Counts()

  init(_ desk: Desk, mapping: JSONText) throws {
    self.desk = desk
    func table(_ name: String) throws -> [String: String] {
      guard let members = mapping[name]?.members else { throw Failure("the mapping has no \"\(name)\"") }
      return Dictionary(members.map { ($0.key, $0.value.plain) }) { first, _ in first }
    }
    questions = try table("questions")
    constraints = try table("constraints")
  }

  struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
  }

  /// One dialogue, the next in time.
  mutating func take(_ dialogue: JSONText) throws {
    guard let user = dialogue["AnonymizedUserWorkerID"]?.string, let events = dialogue["Events"]?.elements
    else { throw Failure("no dialogue of STAR: it has no customer or no events") }
    let agent = dialogue["AnonymizedWizardWorkerID"]?.string ?? "agent"
    counts.dialogues += 1
    let customer: EntityID
    if let known = customers[user] {
      customer = known
    } else {
      customer = try desk.newCustomer(name: "", ref: user, by: agent).on
      customers[user] = customer
      counts.customers += 1
    }
    // Questions of this dialogue whose answer was known, until the customer gives it.
    var open: [String: JSONText] = [:]
    for event in events {
      let at = event["UnixTime"]?.double.map { HybridTime(milliseconds: UInt64(max(0, $0) * 1000)) }
      if let label = event["ActionLabel"]?.string, event["Agent"]?.string == "Wizard",
        let key = questions[label]
      {
        try ask(key, customer, &open)
      }
      for group in event["Constraints"]?.elements ?? [] {
        for (name, text) in group.members ?? [] {
          guard let key = constraints[name], let value = Self.value(text) else { continue }
          try learn(key, value, customer, &open, at, agent)
        }
      }
    }
    counts.silent += open.count
  }

  private mutating func ask(_ key: String, _ customer: EntityID, _ open: inout [String: JSONText]) throws {
    // The same question again before the answer is the same question.
    guard open[key] == nil, let answer = try desk.answers(customer, [key]).first else { return }
    counts.asked += 1
    switch answer.state {
    case .known, .conflict: open[key] = answer.values.first?.value
    case .secret: counts.secret += 1
    default: counts.unknown += 1
    }
  }

  private mutating func learn(
    _ key: String, _ value: String, _ customer: EntityID, _ open: inout [String: JSONText], _ at: HybridTime?,
    _ agent: String
  ) throws {
    if let known = open.removeValue(forKey: key) {
      if TextFolding.words(known.plain) == TextFolding.words(value) {
        counts.same += 1
      } else {
        counts.other += 1
      }
    }
    var fact = NewFact(key, JSONText(value))
    fact.channel = "chat"
    fact.isConfirmation = true
    do {
      let change =
        if let field = FactKey.profileField(key) {
          // What everybody looks for in the profile is written down there.
          try desk.set(customer, [field: value], at: at, by: agent)
        } else {
          try desk.setFact(customer, fact, at: at, by: agent).change
        }
      if change != nil { counts.facts += 1 }
    } catch {
      guard case .secret = error else { throw error }
      counts.refused[key, default: 0] += 1
    }
  }

  /// The one value that a look-up asked for: `"Alexis"`, `95381901`, `api.is_equal_to("x")`; nil for ranges and choices.
  static func value(_ constraint: JSONText) -> String? {
    var text = constraint.plain[...]
    let equals = "api.is_equal_to("
    if text.hasPrefix(equals), text.hasSuffix(")") { text = text.dropFirst(equals.count).dropLast() }
    if text.hasPrefix("[\""), text.hasSuffix("\"]"), !text.contains(",") {
      text = text.dropFirst().dropLast()
    }
    guard !text.hasPrefix("api."), !text.hasPrefix("["), text != "null" else { return nil }
    text = text.drop { $0 == "\"" || $0 == " " }
    while let last = text.last, last == "\"" || last == " " { text.removeLast() }
    return text.isEmpty ? nil : String(text)
  }
}
