import Agent
import Causality
import Codec
import Import
import Merge
import ServiceDesk
import Storage

/// Entries of a timeline that tell of another ticket: that one took it in, became a part of it, or gave it back.
///
/// They name the ticket by its id, and in words by the short one, which is another one here.
extension EditApplier {
  /// Whether an entry tells of a ticket that the file may still bring: of merged tickets the whole comes first.
  mutating func tellsOfLater(_ edit: ImportedEdit) throws(StorageError) -> Bool {
    // What else its line says of a redacted entry comes behind it.
    guard edit.isExported, !edit.isRedacted, let value = Self.told(edit),
      let ticket = value["ticket"]?.string.flatMap({ EntityID($0) })
    else { return false }
    return try names.here(ticket) == nil
  }

  /// An edit with the ticket of which its entry tells as that is called here; without its id where it is not here.
  /// Cost: for most edits none; of a ticket that became a part a fold.
  ///
  /// - Parameter entity: what the edit is on here.
  mutating func renamingTold(_ edit: ImportedEdit, on entity: EntityID?) throws(StorageError) -> ImportedEdit
  {
    guard edit.isExported, entity == nil || entity != edit.entity, let value = Self.told(edit) else {
      return edit
    }
    var other: (there: EntityID, here: EntityID)?
    if let ticket = value["ticket"]?.string.flatMap({ EntityID($0) }) {
      other = try names.here(ticket).map { (ticket, $0) }
    } else if let whole = try entity.flatMap({ (id) throws(StorageError) in try store.state(of: id) })?
      .shown(Vocabulary.merged).flatMap({ EntityID($0.value.plain) }), let there = names.there(whole)
    {
      other = (there, whole)
    }
    var members: [(String, JSONText)] = []
    for (key, member) in value.members ?? [] {
      switch key {
      case "ticket": if let other { members.append((key, JSONText(other.here.description))) }
      case "text":
        let text = other.flatMap { Self.renamed(member.string ?? "", $0.there, desk.shortID($0.here)) }
        members.append((key, text.map { JSONText($0) } ?? member))
      default: members.append((key, member))
      }
    }
    var edit = edit
    edit.draft.log[Vocabulary.timeline] = JSONText(object: members)
    return edit
  }

  /// The entry of an edit that tells of a merge; nil for any other.
  private static func told(_ edit: ImportedEdit) -> JSONText? {
    guard let value = edit.draft.log[Vocabulary.timeline], value["kind"]?.string == Vocabulary.event,
      ["merged", "unmerged"].contains(value["event"]?.string ?? "")
    else { return nil }
    return value
  }

  /// A text that ends in the short id of a ticket with another one in its place; nil where it does not.
  private static func renamed(_ text: String, _ ticket: EntityID, _ name: String) -> String? {
    guard let space = text.lastIndex(of: " ") else { return nil }
    let word = text[text.index(after: space)...].split(separator: ".", omittingEmptySubsequences: false)
    guard word.count == 2, word[0].count >= 4, ticket.origin.replica.description.hasPrefix(word[0]),
      word[1] == String(ticket.origin.sequence)
    else { return nil }
    return text[...space] + name
  }
}
