import Causality
import Codec
import Merge

/// What the desk knows in answer to a question that an agent is about to ask.
public struct Answer: Sendable, Hashable {
  /// How the answer to a question stands.
  public enum State: String, Sendable, Hashable {
    /// Known and usable: not to be asked.
    case known
    case unknown
    /// It held for a while only.
    case expired
    /// Known for another purpose, or there is no consent to its purpose: withdrawn, or never given. No value is given.
    case purpose, withdrawn
    /// People wrote down different values: to be confirmed, not asked. Those that may be used are given.
    case conflict
    /// It is never kept.
    case secret

    /// What is to be done: 0 nothing, 3 ask, 4 ask again or for consent, 5 confirm.
    public var code: Int {
      switch self {
      case .known: 0
      case .unknown, .secret: 3
      case .expired, .purpose, .withdrawn: 4
      case .conflict: 5
      }
    }
  }

  /// A value, who got it, when, and on which channel.
  public struct Value: Sendable, Hashable {
    /// The value, as JSON.
    public let value: JSONText
    /// Who wrote it: the agent's name.
    public let by: String
    /// When it counts as written in the merge (`Protocol.md`, section 3).
    public let at: HybridTime
    /// The channel on which it was said; nil where that is not known.
    public let channel: String?
    /// The ticket that it is about; nil where it is about none.
    public let ticket: EntityID?
    /// The purpose that it may be used for.
    public let purpose: String
    /// stated, verified or inferred.
    public let confidence: String
    /// When the answer is too old to be used; nil where it never is.
    public let expires: HybridTime?
    /// The customer's organisation of which it is known, and its name; nil for what is known of the customer or ticket.
    public let organisation: EntityID?
    /// The name of that organisation.
    public let organisationName: String?

    package init(_ fact: FactView) {
      self.init(fact, of: nil)
    }

    /// A fact that an organisation shares with all who belong to it.
    init(_ fact: FactView, of shared: OrganisationView?) {
      value = fact.value
      by = fact.by
      at = fact.at
      channel = fact.channel
      ticket = fact.ticket
      purpose = fact.purpose
      confidence = fact.confidence
      expires = fact.expires
      organisation = shared?.id
      organisationName = shared?.name
    }

    /// A part of the profile.
    init(_ value: JSONText, by: String, at: HybridTime) {
      self.value = value
      self.by = by
      self.at = at
      channel = nil
      ticket = nil
      purpose = Vocabulary.service
      confidence = "stated"
      expires = nil
      organisation = nil
      organisationName = nil
    }
  }

  /// The key as it was asked for.
  public let key: String
  /// How the answer stands.
  public let state: State
  /// What is known, the shown value first; nothing where it may not be shown. Several for a conflict, and for what a
  /// customer may have several of, such as phone numbers.
  public let values: [Value]
  /// How the workspace asks for it.
  public let question: String?
  /// Why a list leaves it out although some of it is usable: people disagree, and one of the values may not be used.
  var hidden: FactView.Obstacle?

  /// The answer as a list has it: without the value of what holds no longer, and of what people disagree about where one of
  /// the values may not be used. Who asks for one key is told what there is, to have it confirmed.
  public var listed: Answer {
    let state: State =
      switch hidden {
      case .withdrawn: .withdrawn
      case .purpose: .purpose
      case .expired: .expired
      case nil: self.state
      }
    guard hidden != nil || state == .expired else { return self }
    return Answer(key: key, state: state, values: [], question: question)
  }
}

/// An entry of a customer's log of questions: which were spared, asked, confirmed, and asked although known.
public struct QuestionEntry: Sendable, Hashable {
  /// Who wrote it: the agent's name.
  public let by: String
  /// When it counts as written in the merge (`Protocol.md`, section 3).
  public let at: HybridTime
  /// The channel on which it was said; nil where that is not known.
  public let channel: String?
  /// The ticket that it is about; nil where it is about none.
  public let ticket: EntityID?
  /// The keys that were known and not asked.
  public let spared: [String]
  /// The keys that were asked because they were not known.
  public let asked: [String]
  /// The keys that were read out to be confirmed.
  public let confirmed: [String]
  /// The keys that were asked although they were known.
  public let again: [String]
  /// Why it was asked although known.
  public let because: String?

  /// Reads an entry of a customer's `questions`; what it does not say is empty.
  public init(_ entry: LogEntry) {
    by = entry.by
    at = entry.effective
    channel = entry.value["channel"]?.string
    ticket = entry.value["ticket"]?.string.flatMap { EntityID($0) }
    func keys(_ name: String) -> [String] { entry.value[name]?.elements?.compactMap(\.string) ?? [] }
    spared = keys("spared")
    asked = keys("asked")
    confirmed = keys("confirmed")
    again = keys("again")
    because = entry.value["because"]?.string
  }

  static func value(
    spared: [String] = [], asked: [String] = [], confirmed: [String] = [], again: [String] = [],
    because: String? = nil, channel: String?, ticket: EntityID?
  ) -> JSONText {
    var members: [(String, JSONText)] = []
    if let channel { members.append(("channel", JSONText(channel))) }
    if let ticket { members.append(("ticket", JSONText(ticket.description))) }
    for (name, keys) in [("spared", spared), ("asked", asked), ("confirmed", confirmed), ("again", again)]
    where !keys.isEmpty { members.append((name, JSONText(array: keys.map { JSONText($0) }))) }
    if let because { members.append(("because", JSONText(because))) }
    return JSONText(object: members)
  }
}

/// How many questions customers were spared, and how many they had to answer again.
public struct QuestionCounts: Sendable, Hashable {
  /// How many questions were known and not asked.
  public var spared = 0
  /// How many questions were asked because they were not known.
  public var asked = 0
  /// How many questions were read out to be confirmed.
  public var confirmed = 0
  /// How many questions were asked although they were known.
  public var again = 0

  /// Counts of nothing yet.
  public init() {}

  /// Counts an entry in.
  public mutating func add(_ entry: QuestionEntry) {
    spared += entry.spared.count
    asked += entry.asked.count
    confirmed += entry.confirmed.count
    again += entry.again.count
  }

  /// Of the questions whose answer was known, the share that was asked all the same; nil where none was known.
  public var repeatRate: Double? {
    spared + again == 0 ? nil : Double(again) / Double(spared + again)
  }
}

extension EntityView {
  /// The log of questions, oldest first.
  public var questions: [QuestionEntry] {
    (state.logs[Vocabulary.questions] ?? []).map { QuestionEntry($0) }
  }
}
