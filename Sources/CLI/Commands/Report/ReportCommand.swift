import Agent
import Codec
import Import
import Merge
import ServiceDesk

/// How the desk did.
enum ReportCommand {
  private static let from = Option.value(
    "from", "TIME",
    "from when: 2026-11-02, or how long ago, such as 2w (default: the Monday three weeks before this one)")
  private static let to = Option.value(
    "to", "TIME", "until when; a day belongs to it as a whole (default: now)")
  private static let by = Option.value(
    "by", "WHAT", "a line for each week, team or channel", choices: ["week", "team", "channel"])
  private static let csv = Option.flag("csv", "as CSV, one line for each group")

  static let command = Command(
    "report", "Show how the desk did: answers in time, effort, promises, satisfaction",
    details: [
      "Answers in time: of the times until the first answer, until each later answer and until the solution that began to run "
        + "in the period, how many were met, in the business hours and with the targets of now. Effort: how often customers "
        + "came and how often tickets were handed over, per ticket that was solved in the period; words of a customer less than "
        + "an hour apart are one contact. The repeat rate is the share of the questions with a known answer that were asked "
        + "all the same. Promises count when they were due.",
      "Days and weeks are those of the time zone of 'askonce hours'; a week begins on Monday. All of it is derived from what is "
        + "in this store now.",
    ],
    options: [from, to, by, csv],
    examples: [
      .init("The last four weeks", "askonce report"),
      .init("November, week by week", "askonce report --from 2026-11-01 --to 2026-11-30 --by week"),
      .init("For a spreadsheet", "askonce report --csv > report.csv"),
      .init("The repeat rate", "askonce report --json | jq .total.questions.repeatRate"),
    ]
  ) { typed in
    guard !(typed.has(csv) && typed.has(Common.json)) else {
      throw Failure.usage("--csv and --json exclude each other")
    }
    for text in [typed[from], typed[to]].compactMap(\.self) { _ = try Moment.parse(text, now: 0) }
    return { context in
      try context.withDesk(.reading) { desk in
        let hours = try desk.settings().hours
        let now = context.system.now()
        // What just happened belongs to it.
        var (start, end) = (hours.start(ofDay: hours.monday(of: now) - 21), now + 1)
        if let text = typed[from] { start = try time(text, hours, now, day: 0) }
        if let text = typed[to] { end = try time(text, hours, now, day: 1) }
        guard start < end else { throw Failure.usage("the report ends before it begins") }
        guard end - start <= 3660 * 86_400_000 else {
          throw Failure.usage("a report covers ten years at most")
        }
        let report = try desk.report(start..<end, now: now)
        let group = typed[by]
        if typed.has(csv) {
          context.output.write(ReportText.csv(report, by: group))
        } else if context.isJSON {
          context.output.json(ReportText.json(report, by: group))
        } else if let group {
          ReportText.write(ReportText.groups(report, by: group), named: group, report, context.output)
        } else {
          ReportText.write(report, try desk.settings(), context.output)
        }
      }
    }
  }

  /// A day is the workspace's, whatever zone the device is in; `day` says which end of it is meant.
  private static func time(_ text: String, _ hours: BusinessHours, _ now: UInt64, day: Int) throws -> UInt64 {
    if let number = BusinessHours.day(text) { return hours.start(ofDay: number + day) }
    return try Moment.parse(text, now: now)
  }
}
