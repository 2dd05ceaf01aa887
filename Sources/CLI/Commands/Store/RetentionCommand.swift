import Agent
import Causality
import Codec
import Merge
import ServiceDesk

/// How long a value that was replaced is kept on devices.
enum RetentionCommand {
  private static let days = Option.value(
    "days", "N", "devices may drop values that were replaced N days ago or longer")
  private static let forever = Option.flag("forever", "keep every value, as without a setting")

  static let command = Command(
    "retention", "Show or set how long replaced values are kept on devices",
    details: [
      "What a customer's name or address was years ago need not be carried about. With a retention, compacting a store drops "
        + "replaced values of customers', organisations', tickets' and promises' fields where nobody ever disagreed about "
        + "the field; 'askonce compact' does it at once. History still tells who changed the field and when, and says that the "
        + "value is no longer kept.",
      "Kept for ever: what a field says now, messages and notes, consent, what conflicts, figures and response "
        + "targets are derived from (status, assignee, team and the like), profiles that were merged, each device's own edits "
        + "in own/, and everything on the server. While people disagree about the setting, the longest that one of them said "
        + "counts. To take a customer's data away everywhere: askonce customer erase.",
    ],
    options: [days, forever],
    examples: [
      .init("Show it", "askonce retention"), .init("Two years", "askonce retention --days 730"),
      .init("Keep everything again", "askonce retention --forever"),
    ]
  ) { typed in
    let retention = try typed[days].map { text throws(Failure) in
      guard let retention = Int(text).flatMap({ Retention(days: $0) }) else {
        throw .usage("--days takes a whole number from 1 to \(Retention.maximum), not '\(text)'")
      }
      return retention
    }
    let isForever = typed.has(forever)
    if isForever, retention != nil { throw Failure.usage("--days and --forever exclude each other") }
    let isSetting = isForever || retention != nil
    return { context in
      try context.withDesk(isSetting ? .writing : .reading) { desk in
        if isSetting {
          Editing.report(context, Vocabulary.settingsID, try desk.setRetention(retention))
          return
        }
        let settings = try desk.settings()
        let days = settings.retention?.days
        if context.isJSON {
          context.output.json([("days", days.map { JSONText($0) })])
        } else {
          context.output.line(
            days.map { "replaced values are kept for \(Words.count($0, "day"))" }
              ?? "every value is kept for ever")
          tellDisagreement(settings, context)
        }
      }
    }
  }

  /// Says that people disagree about the setting, where they do.
  private static func tellDisagreement(_ settings: Settings, _ context: Context) {
    let said = settings.retentions
    guard Set(said.map(\.retention)).count > 1 else { return }
    let words = said.map { one in
      "\(one.retention.map { Words.count($0.days, "day") } ?? "for ever") by \(Plain.line(one.by))"
    }
    context.note(
      "people disagree: \(Phrase.list(words)); until that is settled the longest counts: 'askonce conflicts --field retention'"
    )
  }

  /// What a command that tells of the past can no longer tell.
  static func missing(_ desk: Desk) throws -> String {
    let setting =
      try desk.settings().retention.map { " (askonce retention: \(Words.count($0.days, "day")))" } ?? ""
    return "some values were replaced so long ago that this device no longer keeps them\(setting)"
  }
}
