import Agent
import Causality
import Codec
import Merge
import Storage

/// Edits of what the workspace agrees on. Two agents who do this offline edit one entity, field by field.
extension Desk {
  /// Edits the settings, whose values are taken as they are: the calls for each kind of them, such as `setHours`, check theirs.
  /// Nil where nothing would change.
  ///
  /// - Throws: `DeskError.secret` for a payment card's number. Names are not judged: settings name what is secret.
  @discardableResult
  public func configure(_ draft: Draft) throws(DeskError) -> Change? {
    try record(Edit(.entity(Vocabulary.settingsID), draft))
  }

  /// Adds keys to a process's checklist and takes keys out; the first time it starts from the built-in list.
  ///
  /// - Parameters:
  ///   - question: how to ask for the one key that is added.
  ///   - days: how long its answer holds, 1 to 36,500.
  /// - Throws: `DeskError.invalid` for another number of days, `.secret` for a key that must not be kept.
  @discardableResult
  public func setChecklist(
    _ process: String, adding keys: [String], dropping: [String] = [], question: String? = nil,
    days: Int? = nil
  ) throws(DeskError) -> Change? {
    if let days, !(1...Settings.maximumDays ~= days) {
      throw .invalid("an answer holds 1 to \(Settings.maximumDays) days, not \(days)")
    }
    let settings = try settings()
    for key in keys {
      if let reason = settings.secrets.reason(key: key) { throw .secret(reason) }
    }
    let field = ExactString(Vocabulary.checklistPrefix + process)
    var draft = Draft()
    let present = settings.state?.elements(field) ?? []
    let start = present.isEmpty ? settings.checklist(process) ?? [] : present
    draft.add[field] = (start + keys).filter { !dropping.contains($0) }.map { ExactString($0) }
    if !dropping.isEmpty { draft.drop[field] = dropping.map { ExactString($0) } }
    if let key = keys.first, question != nil || days != nil {
      var members: [(String, JSONText)] = []
      if let text = question ?? settings.question(key) { members.append(("text", JSONText(text))) }
      if let days = days ?? settings.days(key) { members.append(("days", JSONText(days))) }
      draft.set[ExactString(Vocabulary.questionPrefix + key)] = JSONText(object: members)
    }
    return try configure(draft)
  }

  /// The keys of the facts of a customer or ticket, of a ticket with those of its parts, ordered.
  public func factKeys(_ id: EntityID) throws(DeskError) -> [String] {
    PlainLook(try answering(id)).facts.map(\.key)
  }
}
