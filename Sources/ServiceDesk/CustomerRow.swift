import Causality
import Codec
import Merge
import Storage

/// A line of a customer list.
public struct CustomerRow: Sendable, Hashable {
  /// Its id, the same on every replica.
  public let id: EntityID
  /// The customer's number in another system.
  public let ref: String?
  /// The name as people write it; "" where there is none.
  public let name: String
  /// The language, two letters; "" where it is not known.
  public let language: String
  /// The country, two letters; "" where it is not known.
  public let country: String
  /// The tags, ordered by their bytes.
  public let tags: [String]
  /// The earliest and latest change as they count in the merge, milliseconds since 1970.
  public let created: UInt64
  /// The latest time of its changes as they count, milliseconds since 1970.
  public internal(set) var updated: UInt64
  /// On how many fields people disagree.
  public let conflicts: Int
  /// Whether it was erased; then nothing else is known of it.
  public let isErased: Bool
  /// Whether the profile was merged with others: then the row is only its own part.
  var isMerged: Bool { !same.isEmpty }
  /// The profiles that its own ties name.
  var same: [EntityID] = []
}

extension CustomerRow {
  /// The columns of the table, in the order of `values(of:)` and `init(_:_:)`.
  static let columns = [
    TableColumn("ref", .numbered), TableColumn("name", .text), TableColumn("language", .word),
    TableColumn("country", .word), TableColumn("tags", .word), TableColumn("created", .number),
    TableColumn("updated", .number), TableColumn("conflicts", .number), TableColumn("erased", .number),
    TableColumn("same", .word),
  ]

  static func values(of state: EntityState) -> [TableValue] {
    [
      .text(state.brief("ref")), .text(state.brief("name")), .text(state.brief("language")),
      .text(state.brief("address.country")), .text(state.joined("tags")), .number(state.firstAt.milliseconds),
      .number(state.lastAt.milliseconds), .number(UInt64(state.disagreements.count)),
      .number(state.isErased ? 1 : 0), .text(same(state)),
    ]
  }

  /// The ids as one word, ordered; "" for a profile that was never merged.
  private static func same(_ state: EntityState) -> String {
    let linked = state.linked
    return linked.isEmpty ? "" : JSONText(array: linked.map { JSONText($0.description) }).text
  }

  init(_ id: EntityID, _ values: [TableValue]) {
    self.id = id
    ref = values[0].text.isEmpty ? nil : values[0].text
    name = values[1].text
    language = values[2].text
    country = values[3].text
    tags = [String](joined: values[4].text)
    created = values[5].number
    updated = values[6].number
    conflicts = Int(values[7].number)
    isErased = values[8].number != 0
    same = [String](joined: values[9].text).compactMap { EntityID($0) }
  }
}
