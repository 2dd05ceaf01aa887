import Causality
import Codec
import Merge

/// What a workspace agrees on: one entity with an id that all know, so that two agents who settle something offline
/// edit the same thing.
extension Vocabulary {
  /// The entity type of the workspace's settings.
  public static let settings = "settings"
  /// The one entity of that type: `settings/0000000000.1`. No change creates it; everybody edits it.
  public static let settingsID = EntityID(constant: "settings", ChangeID(ReplicaID(bits: 0), 1))

  /// `purpose.<name>`: a purpose of the workspace's own, or a default of its own for one that all have: `default`, one of
  /// `consentStates`, and `text` that explains it.
  public static let purposePrefix = "purpose."
  /// `question.<key>`: how to ask for a fact, `text`, and after how many days the answer has to be asked for again, `days`.
  public static let questionPrefix = "question."
  /// `checklist.<process>`: the set of keys that a process needs.
  public static let checklistPrefix = "checklist."
  /// The set of further keys that are secret.
  public static let secretKeys: ExactString = "secret"
  /// `hours`: `zone` (name), `rule` (POSIX TZ), `week` (seven arrays of `"08:00-17:00"`, Monday first), `closed` (dates).
  public static let hours: ExactString = "hours"
  /// `target.<channel>` or `target.<channel>.<priority>`: minutes of business hours for `first`, `next` and `resolution`.
  public static let targetPrefix = "target."
  /// `retention`: `days` after which a replaced value need no longer be kept on devices.
  public static let retention: ExactString = "retention"
  /// `saved.<name>`: a saved reply: `text` with placeholders such as `{name}`, `language`.
  public static let savedPrefix = "saved."
  /// `country`: the two letters of the country whose national phone numbers people write.
  public static let country: ExactString = "country"
}
