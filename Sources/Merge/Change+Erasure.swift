import Causality
import Codec

/// What an erasure leaves of a change: its *stub*.
///
/// A stub keeps what order, checksums and the merge's bookkeeping need, `id`, `at`, `seen`, `by` and `on`, and of the body
/// only the members that say so themselves: `erase` with its `of` and `because`, `was`, `org`, so that an older file of another
/// workspace brings nobody back, and which conflict it `settles` or `reopens`, so that what people settled about an erasure
/// stays settled. All else, known or not, goes.
extension Change {
  /// The longest reason that an erasure keeps, in bytes as written.
  public static let maximumReason = 1000

  /// Whether it erases its entity. Cost: a pass over the body.
  public var erases: Bool {
    // Most bodies are told apart without parsing them.
    guard ByteSearch.contains(body.span, "\"erase\":") else { return false }
    return members.contains { $0.key == "erase" }
  }

  /// The customer for whose erasure it was made: of one that erases, the customer as a part of which its entity is erased; of another
  /// one, the customer with whose erasure it came along. Cost: for most changes a search of the body.
  package var madeForErasure: EntityID? {
    guard ByteSearch.contains(body.span, "\"of\":") else { return nil }
    return members.first { $0.key == "of" }?.value.string.flatMap { EntityID($0) }
  }

  /// The change as an erasure of its entity leaves it. The stub of a stub is itself.
  package var stub: Change { reduced(to: ["erase", "of", "because", "was", "org", "settles", "reopens"]) }

  /// What is left of the change where erasures are taken back that were not allowed: of one that erases all but that, of one that came
  /// along with one its stub.
  ///
  /// - Parameter customers: for whose erasures those were made.
  package func withdrawn(_ customers: Set<EntityID>) -> Change {
    if erases { return with(members.filter { !["erase", "of", "because"].contains($0.key) }) }
    guard let customer = madeForErasure, customers.contains(customer) else { return self }
    return stub
  }

  /// Whether an erasure would leave it as it is.
  package var isStub: Bool { body.isEmpty || stub.body == body }

  /// Whether it is the same edit as another change, of which an erasure may have taken the body, or a
  /// retention values.
  package func isSame(as other: Change) -> Bool {
    if self == other { return true }
    guard id == other.id, at == other.at else { return false }
    let fields = thinnedFields.union(other.thinnedFields)
    if !fields.isEmpty, thinned(fields) == other.thinned(fields) { return true }
    let (left, right) = (stub, other.stub)
    return left == right && (left.body == body || right.body == other.body)
  }

  /// A conflict's id, which has the form of a replica's; nil for anything else.
  private static func conflict(_ value: JSONText?) -> JSONText? {
    value?.string.flatMap { ReplicaID($0) } == nil ? nil : value
  }

  /// The members of its line behind `on`.
  package var members: [(key: String, value: JSONText)] {
    JSONText(unchecked: [UInt8(ascii: "{")] + body + [UInt8(ascii: "}")]).members ?? []
  }

  private func reduced(to keys: [String]) -> Change {
    if body.isEmpty { return self }
    let members = self.members
    let isErasure = keys.contains("erase") && members.contains { $0.key == "erase" }
    let kept = members.compactMap { key, value -> (key: String, value: JSONText)? in
      guard keys.contains(key) else { return nil }
      switch key {
      case "was", "org": return value.string.flatMap { ChangeID($0) } == nil ? nil : (key, value)
      case "of": return isErasure && value.string.flatMap { EntityID($0) } != nil ? (key, value) : nil
      case "because":
        return isErasure && value.string != nil && value.bytes.count <= Self.maximumReason
          ? (key, value) : nil
      case "settles":
        // Its note may say anything.
        return Self.conflict(value["conflict"]).map { (key, JSONText(object: [("conflict", $0)])) }
      case "reopens": return Self.conflict(value).map { (key, $0) }
      default: return (key, value)
      }
    }
    return with(kept)
  }

  /// The change with other values in the members of its body, for handing it out; what is nil is left out.
  package func mapping(_ value: (_ key: String, _ value: JSONText) -> JSONText?) -> Change {
    with(members.compactMap { member in value(member.key, member.value).map { (member.key, $0) } })
  }

  private func with(_ members: [(key: String, value: JSONText)]) -> Change {
    let body = JSONText(object: members.map { ($0.key, $0.value) }).bytes
    return with(body: Array(body.dropFirst().dropLast()))
  }
}
