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
  /// author and time. Each stands for one. Where the words of either are gone, the only one of its kind, author and time.
  mutating func take(_ edit: ImportedEdit, imported: ChangeID?) -> ChangeID? {
    guard let (name, value) = edit.draft.log.first else { return nil }
    // By its change also where its words were redacted here since.
    let known = imported ?? edit.origin.flatMap { ids.contains($0) ? $0 : nil }
    guard let at = edit.at, let by = edit.by else { return known }
    let entry = Entry(name: name, value: value, at: at, by: by)
    guard let known else {
      let same = free[entry]?.isEmpty == false ? entry : redacted(entry, isRedacted: edit.isRedacted)
      return same.flatMap { free[$0]?.removeFirst() }
    }
    free[entry]?.removeAll { $0 == known }
    return known
  }

  /// What an entry is called where one of both was redacted since it was imported, so that their words differ; nil where that
  /// is none or several. Cost: the entries.
  private func redacted(_ entry: Entry, isRedacted: Bool) -> Entry? {
    let rest = Self.withoutWords(entry.value)
    var found: Entry?
    for (other, ids) in free where !ids.isEmpty {
      guard other.name == entry.name, other.at == entry.at, other.by == entry.by,
        isRedacted || other.value["redacted"] != nil, Self.withoutWords(other.value) == rest
      else { continue }
      if found != nil || ids.count > 1 { return nil }
      found = other
    }
    return found
  }

  /// What is left of an entry's members when its words are gone.
  private static func withoutWords(_ value: JSONText) -> JSONText {
    let gone: Set = ["text", "lines", "files", "redacted"]
    return JSONText(
      object: (value.members ?? []).filter { !gone.contains($0.key) }.map { ($0.key, $0.value) })
  }
}

/// A field that says something of one entry of a log, which it names by its change: `reply.k7f3q2hd9x.12`.
///
/// Where an entry gets another id, as in an import, the field has to follow: else mail that was sent is queued again, and
/// words that were redacted are shown.
struct EntryMark {
  static let prefixes = [Vocabulary.replyPrefix, Vocabulary.redactedPrefix, Vocabulary.correctedPrefix]

  /// The field's name without the id, a dot at its end.
  let prefix: String
  let entry: ChangeID

  /// Nil for any other field. Cost: the name.
  init?(_ field: ExactString) {
    guard let prefix = Self.prefixes.first(where: field.text.hasPrefix),
      let entry = ChangeID(field.text.dropFirst(prefix.count))
    else { return nil }
    self.prefix = prefix
    self.entry = entry
  }

  /// The field's name for an entry.
  func field(_ entry: ChangeID) -> ExactString { ExactString(prefix + entry.description) }

  var isReply: Bool { prefix == Vocabulary.replyPrefix }

  /// Whether a value of `reply.<id>` says that the message went out, or that it may have.
  static func isOut(_ value: JSONText) -> Bool {
    ["sending", "sent", "delivered"].contains(value["state"]?.string ?? "")
  }

  /// A value with the entries that it names in `despite`, one or several, as they are called here.
  static func value(_ value: JSONText, _ name: (ChangeID) -> ChangeID?) -> JSONText {
    guard let members = value.members, let despite = value["despite"] else { return value }
    func here(_ entry: JSONText) -> JSONText {
      entry.string.flatMap { ChangeID($0) }.flatMap(name).map { JSONText($0.description) } ?? entry
    }
    let named = despite.elements.map { JSONText(array: $0.map(here)) } ?? here(despite)
    return JSONText(object: members.map { ($0.key, $0.key == "despite" ? named : $0.value) })
  }
}
