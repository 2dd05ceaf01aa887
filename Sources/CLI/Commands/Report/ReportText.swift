import Causality
import Codec
import Import
import Merge
import ServiceDesk

/// A report as table, CSV and JSON.
enum ReportText {
  private typealias Share = (part: Int, of: Int)

  static func groups(_ report: Report, by name: String) -> [Report.Group] {
    switch name {
    case "week": report.weeks
    case "team": report.teams
    default: report.channels
    }
  }

  // MARK: For people

  /// Everything in one page.
  static func write(_ report: Report, _ settings: Settings, _ output: Output) {
    title(report, output)
    output.line()
    output.line(output.styled("answers in time", .bold))
    var table = Table(["channel", "what", "", "in time", "met", "missed", "running"], numbers: [3, 4, 5, 6])
    for group in report.channels + [Report.Group(name: "all", figures: report.total)] {
      for (what, responses) in answers(group.figures) where responses != ReportFigures.Responses() {
        table.add([
          .init(label(group.name)), .init(what),
          .init(Bar.text(responses.rate, output), Bar.style(responses.rate)),
          .init(Fraction.percent(responses.rate)), .init("\(responses.met)"), .init("\(responses.missed)"),
          .init("\(responses.running)"),
        ])
      }
    }
    if table.isEmpty { output.line("  no customer waited for an answer") } else { table.write(to: output) }
    output.line()
    let total = report.total
    var sheet = Sheet()
    sheet.add("tickets", "\(Words.grouped(total.opened)) opened, \(Words.grouped(total.solved)) solved")
    sheet.add("contacts per solved ticket", total.contactsPerSolved.map { decimal($0) })
    sheet.add("transfers per solved ticket", total.transfersPerSolved.map { decimal($0) })
    let (asked, promises) = (total.questions, total.promises)
    sheet.add(
      "questions",
      "\(asked.spared) spared, \(asked.asked) asked, \(asked.confirmed) confirmed, \(asked.again) asked twice"
    )
    sheet.add(
      "repeat rate",
      total.repeatRate.map {
        "\(Bar.text($0, output)) \(Fraction.percent($0)) of what was known was asked again"
      })
    sheet.add(
      "promises",
      "\(promises.kept) kept, \(promises.broken) broken, \(promises.waived) waived, \(promises.open) open"
        + (promises.overdue > 0 ? " (\(promises.overdue) overdue)" : ""))
    sheet.add(
      "promises kept", promises.rate.map { "\(Bar.text($0, output)) \(Fraction.percent($0))" },
      Bar.style(promises.rate))
    for (name, score, top) in [("CSAT", total.csat, 5), ("CES", total.ces, 7)] {
      guard let mean = score.mean else { continue }
      let bar = Bar.text((mean.part, mean.of * top), output)
      sheet.add(name, "\(bar) \(decimal(mean)) of \(top), \(Words.count(score.answers, "answer"))")
    }
    sheet.write(to: output)
  }

  /// A line for each group.
  static func write(_ groups: [Report.Group], named name: String, _ report: Report, _ output: Output) {
    title(report, output)
    output.line()
    var table = Table(
      [
        name, "opened", "solved", "first answer", "next", "solution", "contacts", "transfers", "repeated",
        "promises", "csat", "ces",
      ], numbers: [1, 2, 6, 7, 8, 9, 10, 11])
    for group in groups + [Report.Group(name: "all", figures: report.total)] {
      let figures = group.figures
      func share(_ rate: Share?) -> Table.Cell {
        guard rate != nil else { return "" }
        return .init("\(Bar.text(rate, output)) \(Fraction.percent(rate))", Bar.style(rate))
      }
      table.add([
        .init(label(group.name)), .init("\(figures.opened)"), .init("\(figures.solved)"),
        share(figures.first.rate), share(figures.next.rate), share(figures.resolution.rate),
        .init(figures.contactsPerSolved.map(decimal) ?? ""),
        .init(figures.transfersPerSolved.map(decimal) ?? ""),
        .init(Fraction.percent(figures.repeatRate)), .init(Fraction.percent(figures.promises.rate)),
        .init(figures.csat.mean.map(decimal) ?? ""), .init(figures.ces.mean.map(decimal) ?? ""),
      ])
    }
    table.write(to: output)
  }

  private static func title(_ report: Report, _ output: Output) {
    let ends = [report.period.lowerBound, report.period.upperBound - 1].map {
      String(HybridTime(milliseconds: $0).description.prefix(16)).split(separator: "T").joined(separator: " ")
    }
    output.line(output.styled("report from \(ends[0]) to \(ends[1]) UTC", .bold))
  }

  private static func answers(_ figures: ReportFigures) -> [(String, ReportFigures.Responses)] {
    [("first answer", figures.first), ("next answer", figures.next), ("solution", figures.resolution)]
  }

  private static func label(_ name: String) -> String { name.isEmpty ? "(none)" : name }
  private static func decimal(_ fraction: Share) -> String { Fraction.decimal(fraction, digits: 1) }

  // MARK: For programs

  static func json(_ report: Report, by name: String?) -> [(String, JSONText?)] {
    func list(_ word: String, _ groups: [Report.Group]) -> JSONText? {
      guard name == nil || name == word else { return nil }
      return JSONText(
        array: groups.map { JSONText(present: [("name", JSONText($0.name))] + members($0.figures)) })
    }
    func time(_ milliseconds: UInt64) -> JSONText {
      JSONText(HybridTime(milliseconds: milliseconds).description)
    }
    return [
      ("from", time(report.period.lowerBound)), ("to", time(report.period.upperBound)),
      ("zone", JSONText(report.zoneName)), ("total", JSONText(present: members(report.total))),
      ("weeks", list("week", report.weeks)), ("teams", list("team", report.teams)),
      ("channels", list("channel", report.channels)),
    ]
  }

  private static func members(_ figures: ReportFigures) -> [(String, JSONText?)] {
    func number(_ fraction: Share?) -> JSONText? {
      fraction.flatMap { try? JSONText(parsing: Fraction.decimal($0, digits: 3).utf8) }
    }
    func responses(_ value: ReportFigures.Responses) -> JSONText {
      JSONText(present: [
        ("met", JSONText(value.met)), ("missed", JSONText(value.missed)),
        ("running", JSONText(value.running)),
        ("rate", number(value.rate)),
      ])
    }
    func score(_ value: ReportFigures.Score) -> JSONText {
      JSONText(present: [
        ("answers", JSONText(value.answers)), ("sum", JSONText(value.sum)), ("mean", number(value.mean)),
      ])
    }
    let (asked, promises) = (figures.questions, figures.promises)
    return [
      ("opened", JSONText(figures.opened)), ("solved", JSONText(figures.solved)),
      ("first", responses(figures.first)), ("next", responses(figures.next)),
      ("resolution", responses(figures.resolution)), ("contacts", JSONText(figures.contacts)),
      ("contactsPerSolved", number(figures.contactsPerSolved)), ("transfers", JSONText(figures.transfers)),
      ("transfersPerSolved", number(figures.transfersPerSolved)),
      (
        "questions",
        JSONText(present: [
          ("spared", JSONText(asked.spared)), ("asked", JSONText(asked.asked)),
          ("confirmed", JSONText(asked.confirmed)), ("again", JSONText(asked.again)),
          ("repeatRate", number(figures.repeatRate)),
        ])
      ),
      (
        "promises",
        JSONText(present: [
          ("kept", JSONText(promises.kept)), ("broken", JSONText(promises.broken)),
          ("waived", JSONText(promises.waived)), ("open", JSONText(promises.open)),
          ("overdue", JSONText(promises.overdue)), ("rate", number(promises.rate)),
        ])
      ),
      ("csat", score(figures.csat)), ("ces", score(figures.ces)),
    ]
  }

  /// One line a group, the total first; the columns are the members of the JSON, joined by a dot.
  static func csv(_ report: Report, by name: String?) -> [UInt8] {
    let all = [("week", report.weeks), ("team", report.teams), ("channel", report.channels)]
    var lines = [("total", "", members(report.total))]
    for (word, groups) in all where name == nil || name == word {
      lines += groups.map { (word, $0.name, members($0.figures)) }
    }
    let columns = self.columns
    var output: [UInt8] = []
    let writer = CSVWriter()
    writer.write(["by", "name"] + columns.map { $0.joined(separator: ".") }, to: &output)
    for (word, name, members) in lines {
      let object = JSONText(present: members)
      let cells = columns.map { path in
        path.reduce(Optional(object)) { value, member in value?[member] }?.plain ?? ""
      }
      writer.write([word, name] + cells, to: &output)
    }
    return output
  }

  private static let columns: [[String]] = {
    let answers = ["first", "next", "resolution"].flatMap { name in
      ["met", "missed", "running", "rate"].map { [name, $0] }
    }
    let effort = [["contacts"], ["contactsPerSolved"], ["transfers"], ["transfersPerSolved"]]
    let questions = ["spared", "asked", "confirmed", "again", "repeatRate"].map { ["questions", $0] }
    let promises = ["kept", "broken", "waived", "open", "overdue", "rate"].map { ["promises", $0] }
    let scores = ["csat", "ces"].flatMap { name in ["answers", "sum", "mean"].map { [name, $0] } }
    return [["opened"], ["solved"]] + answers + effort + questions + promises + scores
  }()
}
