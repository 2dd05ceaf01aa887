import Causality
import Codec
import Merge
import ServiceDesk

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

  /// A value with the entry that it names in `despite` as that is called here.
  static func value(_ value: JSONText, _ name: (ChangeID) -> ChangeID?) -> JSONText {
    guard let members = value.members,
      let here = value["despite"]?.string.flatMap({ ChangeID($0) }).flatMap(name)
    else { return value }
    return JSONText(
      object: members.map { ($0.key, $0.key == "despite" ? JSONText(here.description) : $0.value) })
  }
}
