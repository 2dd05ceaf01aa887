import Codec
import Merge
import ServiceDesk

/// The fields of an entity that somebody cleared, so that an export says so: whoever imported an earlier one has the values.
enum ClearedFields {
  private static let over = Array("\"over\":".utf8)

  /// The fields without a value that a change cleared. Left out are those that say something of one entry or conflict, which have
  /// other names elsewhere, and `merged`: which ticket is the whole may be otherwise there.
  /// Cost: a pass over those changes that replace something.
  ///
  /// - Parameter whole: of a profile that is one with others the state of all: a change of another one may have cleared what it has.
  static func of(
    _ state: EntityState, in whole: EntityState?, _ changes: some Sequence<PlacedChange>
  ) -> Set<ExactString> {
    var cleared: Set<ExactString> = []
    if let whole { cleared = Set(state.registers.keys).filter { whole.registers[$0] == nil } }
    let state = whole.map { state.living(in: $0) } ?? state
    for placed in changes where placed.change.body.contains(word: over) {
      var replaced: Set<ExactString> = []
      var set: Set<ExactString> = []
      try? ChangeBody.operations(of: placed.change.body) { operation in
        switch operation {
        case .replaces(let field, _): replaced.insert(field)
        case .set(let field, _): set.insert(field)
        default: break
        }
      }
      cleared.formUnion(replaced.subtracting(set))
    }
    return cleared.filter { field in
      state.registers[field] == nil && field != "ref" && field != Vocabulary.merged
        && !field.text.hasPrefix("settled.") && EntryMark(field) == nil
    }
  }
}
