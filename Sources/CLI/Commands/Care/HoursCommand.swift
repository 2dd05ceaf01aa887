import Agent
import Codec
import Merge
import ServiceDesk

/// When the desk is there.
enum HoursCommand {
  private static let zone = Option.value("zone", "NAME", "the time zone: Europe/Stockholm")
  private static let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
  private static let day = Option.list(
    "day", "DAY=HOURS", "hours of a day: mon=08:00-12:00,13:00-17:00; sun=closed; mon-fri=09:00-17:00")
  private static let closed = Option.list("closed", "DATE", "a day on which nobody is there: 2026-12-24")
  private static let open = Option.list("open", "DATE", "a closed day that is open after all")

  static let command = Command(
    "hours", "Show the desk's business hours, or set them",
    details: [
      "Response targets run in these hours. The zone's rule is taken from this system and kept in the workspace, so that "
        + "every device reckons alike."
    ],
    options: [zone, day, closed, open],
    examples: [
      .init("Show them", "askonce hours"),
      .init(
        "Set them", "askonce hours --zone Europe/Stockholm --day mon-fri=08:00-17:00 --day sat=10:00-14:00"),
      .init("Holidays", "askonce hours --closed 2026-12-24 --closed 2026-12-25"),
    ]
  ) { typed in
    var edits: [(days: Range<Int>, spans: [Range<Int>])] = []
    for text in typed.list(day) { edits.append(try parse(text)) }
    func dates(_ option: Option) throws(Failure) -> [Int] {
      var dates: [Int] = []
      for text in typed.list(option) {
        guard let day = BusinessHours.day(text) else {
          throw .usage("--\(option.name) takes a date such as 2026-12-24, not '\(text)'")
        }
        dates.append(day)
      }
      return dates
    }
    let (made, shut, free, name) = (edits, try dates(closed), try dates(open), typed[zone])
    let isSetting = !made.isEmpty || !shut.isEmpty || !free.isEmpty || name != nil
    return { context in
      let rule = try name.map { try ZoneFile.rule($0) }
      return try context.withDesk(isSetting ? .writing : .reading) { desk in
        let old = try desk.settings().hours
        guard isSetting else { return show(old, context) }
        var week = old.week
        for edit in made { for index in edit.days { week[index] = edit.spans } }
        let hours = BusinessHours(
          week: week, closed: old.closed.union(shut).subtracting(free), zone: rule ?? old.zone,
          zoneName: name ?? old.zoneName)
        Editing.report(context, Vocabulary.settingsID, try desk.setHours(hours))
      }
    }
  }

  private static func parse(_ text: String) throws(Failure) -> (Range<Int>, [Range<Int>]) {
    let sides = text.split(separator: "=", maxSplits: 1).map(String.init)
    let names = sides.first?.split(separator: "-").map { days.firstIndex(of: $0.lowercased()) } ?? []
    let found = names.compactMap(\.self)
    guard sides.count == 2, found.count == names.count, let first = found.first, let last = found.last,
      found.count <= 2, first <= last
    else {
      throw .usage("--day takes DAY=HOURS such as mon=08:00-17:00 or mon-fri=closed, not '\(text)'")
    }
    if sides[1] == "closed" { return (first..<last + 1, []) }
    guard let spans = BusinessHours.spans(sides[1].split(separator: ",").map(String.init)) else {
      throw .usage("'\(sides[1])' are no hours; write 08:00-12:00,13:00-17:00, in order")
    }
    return (first..<last + 1, spans)
  }

  private static func show(_ hours: BusinessHours, _ context: Context) {
    if context.isJSON {
      context.output.json(hours.value)
      return
    }
    var sheet = Sheet()
    sheet.add("zone", "\(hours.zoneName) (\(hours.zone.text))")
    for (index, name) in days.enumerated() {
      let texts = BusinessHours.texts(hours.week[index])
      sheet.add(name, texts.isEmpty ? "closed" : texts.joined(separator: ", "))
    }
    sheet.add("closed", hours.value["closed"]?.elements?.map(\.plain).joined(separator: ", "))
    sheet.write(to: context.output)
  }
}

/// The rules of time zones as this system has them.
enum ZoneFile {
  /// The POSIX TZ rule of a zone: the last line of its TZif file (RFC 8536, section 3.3).
  static func rule(_ name: String) throws(Failure) -> TimeZoneRule {
    if name == "UTC" { return .utc }
    let isName = name.utf8.allSatisfy { byte in
      UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20 || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
        || "/_+-".utf8.contains(byte)
    }
    guard isName, !name.isEmpty, !name.hasPrefix("/") else {
      throw .usage("'\(name)' is no time zone's name")
    }
    let bytes: [UInt8]
    do {
      bytes = try InputFile("/usr/share/zoneinfo/" + name).readAll(limit: 1 << 20)
    } catch {
      throw .usage("this system knows no time zone '\(name)'; names are like Europe/Stockholm")
    }
    let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
    guard bytes.starts(with: Array("TZif".utf8)), bytes.last == 0x0A, lines.count >= 2,
      let rule = TimeZoneRule(String(decoding: lines[lines.count - 2], as: UTF8.self))
    else { throw Failure(.failed, "the file of time zone '\(name)' has no rule for times to come") }
    return rule
  }
}
