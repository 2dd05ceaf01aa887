import Causality
import Codec
import Merge

/// A history as several people make it: each knows some of the changes, folds them, and edits what it sees.
///
/// Between them lie changes that no honest author would make: `over` and `drop` naming ids that are unknown,
/// the change's own or another field's, members of later versions, and times far ahead.
package struct RandomHistory {
  /// In the order in which a server would have taken them.
  package private(set) var changes: [PlacedChange] = []
  package let entities: [EntityID]

  private var generator: SeededGenerator
  private var known: [[PlacedChange]]
  private let replicas: [ReplicaID]
  private var sequences: [UInt64]

  package static let fields: [ExactString] = ["status", "priority", "fact.shoe_size", "a", "tags", "Übung"]
  package static let words = [
    "open", "solved", "a \"quoted\" word", "æøå", "😀 é", "", "tab\tand\nline", "zz",
  ]
  /// Members that this version gives no meaning.
  package static let extras = [
    #""merge":{"with":"ticket/0000000001.1"}"#, #""x":[1,2.5,{"a":null}],"y":false"#, #""ｆｕｔｕｒｅ":"ünï""#,
  ]

  package init(
    seed: UInt64, changes count: Int, replicas replicaCount: Int = 3, entities entityCount: Int = 1
  ) {
    var generator = SeededGenerator(seed: seed)
    replicas = (0..<replicaCount).map { _ in ReplicaID(bits: generator.next()) }
    sequences = Array(repeating: 0, count: replicaCount)
    known = Array(repeating: [], count: replicaCount)
    let origins = replicas
    entities = (0..<entityCount).compactMap { index in
      EntityID(
        type: index % 2 == 0 ? "ticket" : "customer",
        origin: ChangeID(origins[index % replicaCount], UInt64(index / replicaCount) + 1))
    }
    self.generator = generator
    for _ in 0..<count { step() }
  }

  /// Somebody learns what others did, or makes a change.
  private mutating func step() {
    let author = generator.int(0...replicas.count - 1)
    if generator.oneIn(3), !changes.isEmpty {
      let unknown = changes.filter { !known[author].contains($0) }
      known[author] += unknown.prefix(generator.int(0...unknown.count))
    }
    sequences[author] += 1
    let id = ChangeID(replicas[author], sequences[author])
    let on = entities.first { $0.origin == id } ?? generator.pick(entities)
    let time = HybridTime(
      milliseconds: 1_795_281_663_000 + UInt64(generator.int(0...500_000))
        + (generator.oneIn(10) ? 90_000_000 : 0),
      counter: UInt64(generator.int(0...2)))
    let seen = known[author].compactMap(\.position).max() ?? 0
    let body = generator.oneIn(6) ? hostileBody(id) : honestBody(on, author)
    let change = Change(id: id, at: time, seen: seen, by: "agent-\(author)", on: on, body: body)
    let placed = PlacedChange(
      change, position: UInt64(changes.count) + 1, stamp: 1_795_281_663_000 + UInt64(changes.count * 5000),
      seenLimit: generator.oneIn(20) ? 3 : nil)
    changes.append(placed)
    known[author].append(placed)
  }

  private mutating func honestBody(_ on: EntityID, _ author: Int) -> [UInt8] {
    var draft = Draft()
    for _ in 0..<generator.int(1...3) { edit(&draft) }
    return draft.body(over: Fold.state(of: on, known[author]))
  }

  /// Adds something to a draft.
  private mutating func edit(_ draft: inout Draft) {
    let field = generator.pick(Self.fields)
    let word = generator.pick(Self.words)
    switch generator.int(0...7) {
    case 0, 1: draft.set[field] = value(word)
    case 2: draft.clear.insert(field)
    case 3: draft.add[field] = [ExactString(word), ExactString(generator.pick(Self.words))]
    case 4: draft.drop[field] = Self.words.map { ExactString($0) }
    case 5: draft.log[field] = value(word)
    case 6: draft.count[field] = Int64(generator.int(-5...5))
    default: draft.extra = [("later", value(word))]
    }
  }

  private mutating func value(_ word: String) -> JSONText {
    switch generator.int(0...5) {
    case 0: JSONText(generator.int(-3...3))
    case 1: JSONText(object: [("text", JSONText(word))])
    case 2: JSONText(array: [JSONText(word), JSONText(true)])
    default: JSONText(word)
    }
  }

  /// A body that is valid but that nobody would write.
  private mutating func hostileBody(_ id: ChangeID) -> [UInt8] {
    let ids =
      changes.map(\.change.id) + [
        id, ChangeID(ReplicaID(bits: 99), 1), ChangeID(id.replica, id.sequence + 1),
      ]
    func named() -> String { "[\"\(generator.pick(ids))\",\"\(generator.pick(ids))\"]" }
    let field = generator.pick(Self.fields)
    let other = generator.pick(Self.fields.filter { $0 != field })
    let text =
      switch generator.int(0...6) {
      case 0: #""over":{"\#(field)":\#(named())},"set":{"\#(field)":"open"}"#
      case 1: #""set":{"\#(field)":"solved"},"over":{"\#(field)":\#(named()),"\#(other)":[]}"#
      case 2: #""add":{"\#(field)":["zz","zz","a"]},"drop":{"\#(field)":{"zz":\#(named()),"":\#(named())}}"#
      case 3: #""drop":{"\#(field)":{"open":\#(named())}},"add":{"\#(field)":["open"],"\#(other)":[]}"#
      case 4: #""count":{"\#(field)":0,"\#(field)2":-9007199254740991}"#
      case 5: generator.pick(Self.extras)
      default: #""log":{"\#(field)":{"text":"log"}},"set":{}"#
      }
    return Array(text.utf8)
  }
}
