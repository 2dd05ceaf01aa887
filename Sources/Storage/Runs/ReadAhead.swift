import ChangeCodec
import Codec
import Merge

extension RunSet {
  /// Reads what the runs hold of some entities, on all cores, for those who will ask for one after another.
  ///
  /// Cost: the members that hold them, each once. What is damaged is left to whoever asks for it.
  /// - Parameter entities: of more than are kept, the first.
  package func readAhead(_ entities: [EntityID]) throws(StorageError) {
    let wanted = entities.prefix(Self.recentLimit.entities).filter { recent[$0] == nil }
    guard wanted.count > 1 else { return }
    guard let found = try runs.changes(of: wanted) else { return }
    keep(wanted.map { ($0, found[$0] ?? []) })
  }
}

extension [RunReader] {
  /// What runs hold of some entities, by position, read one member after another and parsed on all cores; nil where a member
  /// is damaged. Cost: the members that hold them, each once.
  func changes(of wanted: [EntityID]) throws(StorageError) -> [EntityID: [PlacedChange]]? {
    var pieces: [Piece] = []
    for run in self {
      if wanted.count > 64 { try run.loadIndex() }
      var members: [Int: [EntityID]] = [:]
      for entity in wanted {
        for member in try run.members(of: entity) { members[member, default: []].append(entity) }
      }
      for (member, entities) in members.sorted(by: { $0.key < $1.key }) {
        pieces.append(Piece(bytes: try run.bytes(ofMember: member), entities: entities))
      }
    }
    let parts = SideBySide.map(pieces.count) { [pieces] index in pieces[index].changes() }
    var found: [EntityID: [PlacedChange]] = [:]
    for part in parts {
      guard let part else { return nil }
      for change in part { found[change.change.on, default: []].append(change) }
    }
    return found
  }

  /// A member's compressed bytes, and whose changes are wanted of it.
  private struct Piece: Sendable {
    let bytes: [UInt8]
    let entities: [EntityID]

    /// Of more than so many entities all changes are parsed, which takes as long as looking for a few.
    private static let few = 12

    /// The wanted changes; nil where the member is damaged.
    func changes() -> [PlacedChange]? {
      guard let text = try? Inflater().inflateWhole(bytes, limit: RunText.maximumText) else { return nil }
      if entities.count > Self.few {
        let names = Set(entities)
        return (try? RunText.parse(text.span))?.filter { names.contains($0.change.on) }
      }
      return try? RunText.parse(text.span, only: entities)
    }
  }
}
