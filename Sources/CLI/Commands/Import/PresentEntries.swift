import Causality
import Codec
import Import
import Merge
import ServiceDesk

/// The log entries that an entity of an export had here before it came.
struct PresentEntries {
  private struct Entry: Hashable {
    let name: ExactString
    let value: JSONText
    let at: HybridTime
    let by: String
  }

  /// Those that stand for none of the file yet, by what an export says of them.
  private var free: [Entry: [ChangeID]] = [:]
  private var ids: Set<ChangeID> = []

  /// Cost: the entries.
  init(_ state: EntityState?) {
    // As an export has them.
    for (name, log) in state?.withoutRedactedWords.logs ?? [:] {
      for entry in log {
        free[Entry(name: name, value: entry.value, at: entry.at, by: entry.by), default: []].append(entry.id)
        ids.insert(entry.id)
      }
    }
  }

  /// The entry that an exported one is: the one that was imported from it, the one of its change, else one of its text,
  /// author and time. Each stands for one.
  mutating func take(_ edit: ImportedEdit, imported: ChangeID?) -> ChangeID? {
    guard let (name, value) = edit.draft.log.first else { return nil }
    // By its change also where its words were redacted here since.
    let known = imported ?? edit.origin.flatMap { ids.contains($0) ? $0 : nil }
    guard let at = edit.at, let by = edit.by else { return known }
    let entry = Entry(name: name, value: value, at: at, by: by)
    guard let known else { return free[entry]?.isEmpty == false ? free[entry]?.removeFirst() : nil }
    free[entry]?.removeAll { $0 == known }
    return known
  }
}
