import Causality
import Codec
import Merge

/// A step of good care: hear the customer out, apologise, lead to a solution, act, tell, follow up.
///
/// Never stored: derived from the timeline, where an entry may also say which step it was (member `care`).
public struct CareStep: Sendable, Hashable {
  /// One of `Vocabulary.careSteps`.
  public let name: String
  /// The entry or promise that shows it, when and by whom; nil where it was not taken yet.
  public let evidence: Evidence?

  /// What shows that a step was taken.
  public struct Evidence: Sendable, Hashable {
    /// When it was taken.
    public let at: HybridTime
    /// Who took it.
    public let by: String
    /// In a word: `call`, `message`, `told`, `promise kept`.
    public let what: String
  }

  /// What a ticket's timeline shows of each step, in their order.
  ///
  /// - heard: the first answer to something that the customer said, or a call.
  /// - apologised: words to the customer that say so in one of the languages below.
  /// - solution: the first answer behind that, or the ticket's solution.
  /// - action: a promise that was kept, a compensation, a visit, the ticket solved.
  /// - told, followed-up: entries of these kinds.
  ///
  /// What never reached the customer shows nothing.
  /// - Parameter kept: what says of each promise that was kept that it was.
  static func derive(_ view: TicketView, _ entries: [TicketPage.Entry], kept: [Head]) -> [CareStep] {
    var found: [String: Evidence] = [:]
    func note(_ step: String, _ entry: TimelineEntry, _ what: String? = nil) {
      guard found[step] == nil else { return }
      found[step] = Evidence(at: entry.happened, by: entry.by, what: what ?? entry.kind)
    }
    var hasSpoken = false
    for item in entries where !(item.state.map(Vocabulary.stoppedStates.contains) ?? false) {
      let entry = item.entry
      for step in entry.value["care"]?.elements ?? [] { step.string.map { note($0, entry) } }
      if entry.direction == "in" { hasSpoken = true }
      if entry.kind == Vocabulary.call || hasSpoken && entry.direction == "out" {
        if found["heard"] != nil, entry.direction == "out" { note("solution", entry) }
        note("heard", entry)
      }
      if entry.direction == "out", apologises(item.text) { note("apologised", entry) }
      if entry.kind == Vocabulary.compensation || entry.channel == "visit" && entry.direction != nil {
        note("action", entry, entry.kind == Vocabulary.compensation ? nil : "visit")
      }
      if entry.kind == Vocabulary.told { note("told", entry) }
      if entry.kind == Vocabulary.followUp { note("followed-up", entry) }
    }
    if found["solution"] == nil, let head = view.state.shown(Vocabulary.solution) {
      found["solution"] = Evidence(at: head.effective, by: head.by, what: "solution")
    }
    if found["action"] == nil {
      if let kept = kept.min(by: { ($0.effective, $0.id) < ($1.effective, $1.id) }) {
        found["action"] = Evidence(at: kept.effective, by: kept.by, what: "promise kept")
      } else if Vocabulary.finished.contains(view.status), let head = view.state.shown("status") {
        found["action"] = Evidence(at: head.effective, by: head.by, what: view.status)
      }
    }
    return Vocabulary.careSteps.map { CareStep(name: $0, evidence: found[$0]) }
  }

  /// Whether words say sorry, in the languages of the Nordic and Baltic countries, the Netherlands, Germany, France and
  /// Britain.
  static func apologises(_ text: String) -> Bool {
    let words = TextFolding.words(text)
    return words.contains { word in
      exact.contains(word) || stems.contains { word.utf8.starts(with: $0.utf8) }
    }
  }

  private static let exact: Set<String> = [
    "sorry", "sori", "forlat", "ursakta", "unnskyld", "anteeksi", "excuus",
  ]
  private static let stems = [
    "apolog", "beklag", "ledsen", "undskyld", "entschuldig", "verzeih", "excuse", "pahoittel", "vabanda",
    "atvaino",
    "atsipras", "desol", "fyrirgef",
  ]
}
