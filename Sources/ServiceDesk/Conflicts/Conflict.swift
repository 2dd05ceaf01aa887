import Causality
import Codec
import Merge

/// An entry of the inbox: something that people disagree about, or did without knowing of each other.
///
/// As JSON (`json`, and every `--json` of the `conflicts` commands), members in this order, those in brackets where
/// there is something to say:
///
/// ```
/// {"on":"ticket/b2x9m1c0aa.64","id":"7k3f9q2hd9","kind":"field","state":"open","harm":65,["field":"status",]
///  "at":TIME,["title":SUBJECT-OR-NAME,]["customer":ENTITY,]["customerName":NAME,]["team":TEAM,]["assignee":AGENT,]
///  "says":SENTENCE,["apology":TEXT,]["rule":"least finished",]["shown":0,]
///  "sides":[{"change":ID,"on":ENTITY,"by":AGENT,"replica":ID,"at":TIME,"counts":TIME,["received":TIME,]["position":N,]
///   "seen":N,["channel":CHANNEL,]["value":JSON,]"says":TEXT,"knew":[CHANGE...],["restores":CHANGE]}...],
///  "replaced":[JSON...],["settlement":{"change":ID,"by":AGENT,"at":TIME,["value":JSON,]["note":TEXT]}]
///  [,"withheld":true]}
/// ```
///
/// `at` is the latest time of its sides as it counts; in a side `at` is as dated and `counts` as it counts in the merge.
/// The sides of a field come in the order in which they count as made, as the sentence names them.
/// `knew` are the other sides' changes that the side's author had merged. `shown` is the index of the side that is shown.
/// New members may come; these stay.
public struct Conflict: Sendable, Hashable {
  /// Ten characters of base 32, the same on every replica.
  public let id: String
  /// What it is about.
  public let kind: ConflictKind
  /// How it stands.
  public internal(set) var state: ConflictState
  /// 1 to 99, see `ConflictKind.harm`.
  public let harm: Int
  /// The entity on which it is settled.
  public let on: EntityID
  /// The field whose heads differ; nil for a situation that no field shows.
  public let field: ExactString?
  /// The latest time of its sides.
  public let at: HybridTime
  /// The ticket's subject or the customer's name.
  public internal(set) var title: String?
  /// The customer of the entity on which it is settled.
  public internal(set) var customer: EntityID?
  /// The customer's name.
  public internal(set) var customerName: String?
  /// The ticket's team.
  public internal(set) var team: String?
  /// The agent who has the ticket.
  public internal(set) var assignee: String?
  /// One plain sentence: what the customer sees.
  public let says: String
  /// A reply to send where an apology is due.
  public let apology: String?
  /// The rule by which one value is shown, for a field.
  public let rule: String?
  /// The side that is shown.
  public let shown: Int?
  /// What each did.
  public let sides: [Side]
  /// The values that the sides replaced; without those that may not be shown now.
  public let replaced: [JSONText]
  /// How it was settled; nil while it is open.
  public internal(set) var settlement: Settlement?
  /// Whether the values are left out because they may not be shown now: a fact without consent to its purpose, or one
  /// that holds no longer, or the correction of an entry that was redacted.
  public internal(set) var isWithheld = false

  /// What one author did.
  public struct Side: Sendable, Hashable {
    /// The change that did it.
    public let change: ChangeID
    /// The entity that the change is on.
    public let on: EntityID
    /// Who did it.
    public let by: String
    /// The device.
    public let replica: ReplicaID
    /// When, by the author's clock.
    public let at: HybridTime
    /// When it counts as written in the merge (`Protocol.md`, section 3).
    public let effective: HybridTime
    /// When the server received it, milliseconds since 1970.
    public let received: UInt64?
    /// Its place in the workspace's order; nil while no server has acknowledged it.
    public let position: UInt64?
    /// The position up to which its author had merged.
    public let seen: UInt64
    /// The channel that the entry or the ticket says.
    public let channel: String?
    /// The value of a field.
    public let value: JSONText?
    /// What was done, in words: `set status to solved`.
    public let says: String
    /// The other sides that its author had merged.
    public let knew: [ChangeID]
    /// The change whose value it brought back.
    public let restores: ChangeID?
  }

  /// How it was settled.
  public struct Settlement: Sendable, Hashable {
    /// The change that did it.
    public let change: ChangeID
    /// Who did it.
    public let by: String
    /// When it counts as written in the merge (`Protocol.md`, section 3).
    public let at: HybridTime
    /// The value that it was settled with; for a situation the side that stands.
    public let value: JSONText?
    /// Why, where its author said so.
    public let note: String?
  }

  /// A value of its field as a person reads it: of a fact what is known, not how it came to be known.
  public func words(_ value: JSONText) -> String { Self.words(field, value) }

  static func words(_ field: ExactString?, _ value: JSONText) -> String {
    guard field?.text.hasPrefix(Vocabulary.factPrefix) == true else { return value.plain }
    return value.known.plain
  }

  /// Whether an agent has a part in it: wrote a side or has the ticket.
  public func concerns(_ agent: String) -> Bool { assignee == agent || sides.contains { $0.by == agent } }

  /// An id from what makes a conflict this one.
  static func id(_ kind: ConflictKind, _ on: EntityID, _ field: ExactString?, _ changes: [ChangeID]) -> String
  {
    let text =
      "\(kind == .field ? "field" : kind.rawValue) \(on) \(field?.text ?? "") "
      + changes.sorted().map { "\($0)" }.joined(separator: " ")
    return "\(ReplicaID(bits: FNV1a.hash(text.utf8)))"
  }
}

extension Conflict {
  /// The entry as JSON, in the form that the type's description gives.
  public var json: JSONText {
    let sides = self.sides.map { side in
      JSONText(present: [
        ("change", JSONText("\(side.change)")), ("on", JSONText("\(side.on)")), ("by", JSONText(side.by)),
        ("replica", JSONText("\(side.replica)")), ("at", JSONText("\(side.at)")),
        ("counts", JSONText("\(side.effective)")),
        ("received", side.received.map { JSONText("\(HybridTime(milliseconds: $0))") }),
        ("position", side.position.map { JSONText(Int($0)) }), ("seen", JSONText(Int(side.seen))),
        ("channel", side.channel.map { JSONText($0) }), ("value", side.value), ("says", JSONText(side.says)),
        ("knew", JSONText(array: side.knew.map { JSONText("\($0)") })),
        ("restores", side.restores.map { JSONText("\($0)") }),
      ])
    }
    let settlement = self.settlement.map { settlement in
      JSONText(present: [
        ("change", JSONText("\(settlement.change)")), ("by", JSONText(settlement.by)),
        ("at", JSONText("\(settlement.at)")), ("value", settlement.value),
        ("note", settlement.note.map { JSONText($0) }),
      ])
    }
    return JSONText(present: [
      ("on", JSONText("\(on)")), ("id", JSONText(id)), ("kind", JSONText(kind.rawValue)),
      ("state", JSONText(state.rawValue)), ("harm", JSONText(harm)),
      ("field", field.map { JSONText($0.text) }),
      ("at", JSONText("\(at)")), ("title", title.map { JSONText($0) }),
      ("customer", customer.map { JSONText("\($0)") }), ("customerName", customerName.map { JSONText($0) }),
      ("team", team.map { JSONText($0) }), ("assignee", assignee.map { JSONText($0) }),
      ("says", JSONText(says)), ("apology", apology.map { JSONText($0) }),
      ("rule", rule.map { JSONText($0) }),
      ("shown", shown.map { JSONText($0) }), ("sides", JSONText(array: sides)),
      ("replaced", JSONText(array: replaced)), ("settlement", settlement),
      ("withheld", isWithheld ? JSONText(true) : nil),
    ])
  }

  /// Reads what `json` gave; nil for anything else.
  init?(_ value: JSONText) {
    var text: [String: JSONText] = [:]
    for (key, value) in value.members ?? [] { text[key] = value }
    guard let id = text["id"]?.string, let kind = text["kind"]?.string.flatMap(ConflictKind.init),
      let state = text["state"]?.string.flatMap(ConflictState.init), let harm = text["harm"]?.int,
      let on = text["on"]?.string.flatMap({ EntityID($0) }),
      let at = text["at"]?.string.flatMap({ HybridTime($0) }),
      let says = text["says"]?.string, let list = text["sides"]?.elements
    else { return nil }
    let sides = list.compactMap { Side($0) }
    guard sides.count == list.count else { return nil }
    self.init(
      id: id, kind: kind, state: state, harm: harm, on: on,
      field: text["field"]?.string.map { ExactString($0) },
      at: at, title: text["title"]?.string, customer: text["customer"]?.string.flatMap { EntityID($0) },
      customerName: text["customerName"]?.string, team: text["team"]?.string,
      assignee: text["assignee"]?.string, says: says, apology: text["apology"]?.string,
      rule: text["rule"]?.string, shown: text["shown"]?.int, sides: sides,
      replaced: text["replaced"]?.elements ?? [], settlement: text["settlement"].flatMap { Settlement($0) })
  }
}

extension Conflict.Side {
  init?(_ value: JSONText) {
    var text: [String: JSONText] = [:]
    for (key, value) in value.members ?? [] { text[key] = value }
    guard let change = text["change"]?.string.flatMap({ ChangeID($0) }),
      let on = text["on"]?.string.flatMap({ EntityID($0) }), let by = text["by"]?.string,
      let replica = text["replica"]?.string.flatMap({ ReplicaID($0) }),
      let at = text["at"]?.string.flatMap({ HybridTime($0) }),
      let effective = text["counts"]?.string.flatMap({ HybridTime($0) }), let seen = text["seen"]?.int,
      let says = text["says"]?.string
    else { return nil }
    self.init(
      change: change, on: on, by: by, replica: replica, at: at, effective: effective,
      received: text["received"]?.string.flatMap { HybridTime($0)?.milliseconds },
      position: text["position"]?.int.map { UInt64($0) }, seen: UInt64(max(0, seen)),
      channel: text["channel"]?.string, value: text["value"], says: says,
      knew: (text["knew"]?.elements ?? []).compactMap { $0.string.flatMap { ChangeID($0) } },
      restores: text["restores"]?.string.flatMap { ChangeID($0) })
  }
}

extension Conflict.Settlement {
  init?(_ value: JSONText) {
    guard let change = value["change"]?.string.flatMap({ ChangeID($0) }), let by = value["by"]?.string,
      let at = value["at"]?.string.flatMap({ HybridTime($0) })
    else { return nil }
    self.init(change: change, by: by, at: at, value: value["value"], note: value["note"]?.string)
  }
}

extension JSONText {
  /// An object of the members that have a value.
  init(present members: [(String, JSONText?)]) {
    self.init(object: members.compactMap { member in member.1.map { (member.0, $0) } })
  }
}
