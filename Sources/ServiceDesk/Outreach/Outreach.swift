import Causality
import Codec
import Merge

/// Something that the desk tells customers before they call: a recall, an outage.
///
/// It is for the customers for whom each kind of condition holds that it has; of several values of a kind one has to.
public struct Outreach: Sendable, Hashable {
  /// Folded words with `-` between them: what makes it one outreach on every device.
  public let name: String
  /// What it is about, in a few words: the subject of the tickets.
  public var subject = ""
  /// What the customer is told; `{name}` stands for the customer's name.
  public var text = ""
  /// What the customer's consent is needed for, beside being contacted.
  public var purpose = Vocabulary.service
  /// The channels on which it may go out, the best first; nothing for what the customer likes and can be reached by.
  public var channels: [String] = []
  /// The topic of the tickets; nil leaves them without.
  public var topic: String?
  /// The team that gets the tickets; nil leaves them to triage.
  public var team: String?
  /// The priority of the tickets; nil sets none.
  public var priority: String?
  /// Facts of the customer: `product=T-1000`, or a key alone for any value.
  public var facts: [String] = []
  /// Words of what the customer bought.
  public var purchases: [String] = []
  /// Where the customer lives: a country's letters, a region, a city or the beginning of a postcode.
  public var places: [String] = []

  /// - Parameter name: what it is called; nil where that has no letter or digit.
  public init?(_ name: String) {
    let words = TextFolding.words(name)
    guard !words.isEmpty else { return nil }
    self.name = words.joined(separator: "-")
  }

  init?(_ state: EntityState) {
    guard state.id.type == Vocabulary.outreach, !state.isErased else { return nil }
    self.init(state.text("name") ?? "")
    subject = state.text("subject") ?? ""
    text = state.text("text") ?? ""
    purpose = state.text("purpose") ?? Vocabulary.service
    channels = state.shown("channels")?.value.elements?.compactMap(\.string) ?? []
    topic = state.text("topic")
    team = state.text("team")
    priority = state.text("priority")
    facts = state.elements("facts")
    purchases = state.elements("purchases")
    places = state.elements("places")
  }

  /// Whether it says for whom it is. One for everybody would be a mistake.
  public var hasConditions: Bool { !(facts + purchases + places).isEmpty }

  // MARK: Identity

  /// The entity, the same on every device without asking anyone: no change creates it, everybody edits it.
  public var id: EntityID { Self.id(ofType: "outreach", "outreach \(name)") }

  /// The ticket of a customer: so two agents who run one outreach offline edit one ticket.
  public static func ticket(_ outreach: EntityID, _ customer: EntityID) -> EntityID {
    id(ofType: "ticket", "\(outreach) \(customer)")
  }

  /// An id from the 64-bit FNV-1a hash of a text: the lower 50 bits name a replica that nobody is, the upper 14 the sequence.
  private static func id(ofType type: StaticString, _ text: String) -> EntityID {
    let hash = FNV1a.hash(Array(text.utf8))
    return EntityID(constant: type, ChangeID(ReplicaID(bits: hash), hash >> 50 + 1))
  }

  /// What is written of it.
  var draft: Draft {
    var draft = Draft()
    draft.set = [
      "name": JSONText(name), "subject": JSONText(subject), "text": JSONText(text),
      "purpose": JSONText(purpose),
    ]
    if !channels.isEmpty { draft.set["channels"] = JSONText(array: channels.map { JSONText($0) }) }
    for (field, value) in [("topic", topic), ("team", team), ("priority", priority)] {
      if let value { draft.set[ExactString(field)] = JSONText(value) }
    }
    for (field, values) in [("facts", facts), ("purchases", purchases), ("places", places)]
    where !values.isEmpty { draft.add[ExactString(field)] = values.map { ExactString($0) } }
    return draft
  }
}

/// Whom an outreach reaches, and whom not.
public struct OutreachPlan: Sendable {
  /// Why a customer for whom it is meant is left out.
  public enum Obstacle: Sendable, Hashable {
    /// The customer withdrew consent to this purpose or never gave it.
    case consent(String)
    /// What it goes by was told for another purpose.
    case purpose(String)
    /// What it goes by holds no longer.
    case expired(String)
    /// There is no address for any channel that it may take.
    case unreachable
    /// There is an address, but only on channels that the customer does not want.
    case avoided
    /// The text calls the customer by a name that is not known.
    case nameless
  }

  /// A customer who is to be told.
  public struct Recipient: Sendable, Hashable {
    /// The customer.
    public let customer: EntityID
    /// The customer's name; "" where it is not known.
    public let name: String
    /// The channel on which it goes out.
    public let channel: String
    /// Where it goes: an address for the channel.
    public let address: String
    /// What it goes by: `product: T-1000`, `city: Malmö`.
    public let reasons: [String]
    /// The ticket that it gets.
    public let ticket: EntityID
    /// The text for this customer.
    let text: String
  }

  /// A customer for whom it is meant and who is left out.
  public struct Omission: Sendable, Hashable {
    /// The customer.
    public let customer: EntityID
    /// The customer's name; "" where it is not known.
    public let name: String
    /// Why.
    public let obstacle: Obstacle
  }

  /// What is told.
  public let outreach: Outreach
  /// By name; those who have no ticket of it yet.
  public internal(set) var recipients: [Recipient] = []
  /// By name.
  public internal(set) var omissions: [Omission] = []
  /// Those who have one already, by name.
  public internal(set) var reached: [(customer: EntityID, name: String, ticket: EntityID)] = []
}
