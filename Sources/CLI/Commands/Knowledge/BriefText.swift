import Causality
import Codec
import Merge
import ServiceDesk

/// A brief as a person reads it, in one screen.
enum BriefText {
  /// How many lines a section has at most; the rest is counted.
  private static let lines = 6

  static func write(_ brief: Brief, _ desk: Desk, _ output: Output) {
    let view = brief.customer
    output.line(output.styled("\(Plain.line(view.name))  \(desk.shortID(view.id))", .bold))
    if view.isErased {
      output.line(EntityText.erased(output))
      return
    }
    if let again = brief.recurrence, again.contacts > 1 {
      let text =
        "\(ordinal(again.contacts)) contact about \(Plain.line(again.topic)) in \(Moment.span(again.span))"
      output.line(output.styled(text, .red))
    }
    var sheet = Sheet()
    who(brief, &sheet)
    sheet.write(to: output, indent: "  ")
    known(brief, desk, output)
    section("promised", brief.promises, output) { promise in
      let due = promise.due.map { "by \(Moment.local($0))" } ?? "without a date"
      let isLate = promise.due.map { $0 < brief.now } ?? false
      let money = promise.amount.isEmpty ? "" : " (\(promise.amount) \(promise.currency))"
      return (
        "\(due)\(isLate ? ", overdue" : "")  \(promise.text)\(money)  promised by \(promise.by)",
        isLate ? .red : nil
      )
    }
    section("open", brief.openTickets, output) { row in
      let who = row.assignee.isEmpty ? row.team.isEmpty ? "nobody" : row.team : row.assignee
      return ("\(desk.shortID(row.id))  \(row.status)  \(row.subject)  (\(who))", nil)
    }
    section("may be theirs: people disagree", brief.disputedTickets, output) { row in
      (
        "\(desk.shortID(row.id))  \(row.status)  \(row.subject)  (shown as of \(row.customerName ?? "another"))",
        .yellow
      )
    }
    section("last contacts", brief.contacts, output) { contact in
      let arrow = contact.entry.direction == "in" ? "<" : ">"
      let text = Plain.cut(Plain.line(contact.text), to: 60)
      return (
        "\(Moment.local(contact.entry.happened))  \(contact.entry.channel ?? "?") \(arrow) \(text)", .dim
      )
    }
    section("people disagree", brief.disagreements, output) { item in
      let values = item.field.heads.map { ($0.value["value"] ?? $0.value).plain }
      let name = item.on.type == Vocabulary.customer ? "" : "\(desk.shortID(item.on)) "
      return ("\(name)\(item.field.name.text): \(values.joined(separator: " or "))", .yellow)
    }
    withheld(brief, output)
  }

  private static func who(_ brief: Brief, _ sheet: inout Sheet) {
    let view = brief.customer
    sheet.add("phones", view.phones.joined(separator: ", "))
    sheet.add("e-mails", view.emails.joined(separator: ", "))
    sheet.add("handles", view.handles.joined(separator: ", "))
    sheet.add("speaks", view.language)
    sheet.add("lives", view.address.map(\.text).joined(separator: ", "))
    sheet.add("tags", view.tags.joined(separator: ", "))
    var reach: [String] = []
    if let preferred = brief.preferred { reach.append("best by \(preferred)") }
    if !brief.avoided.isEmpty { reach.append("not by \(brief.avoided.joined(separator: ", "))") }
    if !brief.contact.isGranted { reach.append("does not want to be contacted") }
    sheet.add("reach", reach.joined(separator: "; "), brief.contact.isGranted ? nil : .red)
    if let said = brief.feedback {
      let marks = [
        said.csat.map { "satisfied \($0) of 5" }, said.ces.map { "effort \($0) of 7" }, said.comment,
      ]
      sheet.add(
        "last survey", "\(marks.compactMap(\.self).joined(separator: ", ")) (\(Moment.local(said.at)))")
    }
  }

  private static func known(_ brief: Brief, _ desk: Desk, _ output: Output) {
    guard
      !brief.facts.isEmpty || !brief.unclear.isEmpty || !brief.shared.isEmpty || !brief.sharedUnclear.isEmpty
    else { return }
    output.line(output.styled("known: do not ask", .bold))
    var sheet = Sheet()
    for fact in brief.facts.prefix(12) {
      let source = ["\(fact.by)", fact.channel, Moment.local(fact.at)].compactMap(\.self)
      sheet.add(fact.key, "\(fact.value.plain)  (\(source.joined(separator: ", ")))")
    }
    for one in brief.shared.prefix(6) {
      sheet.add(one.fact.key, "\(one.fact.value.plain)  (shared by \(one.organisationName))")
    }
    func confirm(_ fact: FactView) -> String {
      "confirm: " + fact.alternatives.map(\.value.plain).joined(separator: " or ")
    }
    for fact in brief.unclear { sheet.add(fact.key, confirm(fact), .yellow) }
    for one in brief.sharedUnclear {
      sheet.add(one.fact.key, "\(confirm(one.fact))  (shared by \(one.organisationName))", .yellow)
    }
    sheet.write(to: output, indent: "  ")
    if brief.facts.count > 12 { output.line("  and \(brief.facts.count - 12) more: 'askonce fact list'") }
  }

  private static func section<Item>(
    _ title: String, _ items: [Item], _ output: Output, _ line: (Item) -> (String, Style?)
  ) {
    guard !items.isEmpty else { return }
    output.line(output.styled(title, .bold))
    for item in items.prefix(lines) {
      let (text, style) = line(item)
      output.line("  " + output.styled(Plain.line(text), style))
    }
    if items.count > lines { output.line("  and \(items.count - lines) more") }
  }

  private static func withheld(_ brief: Brief, _ output: Output) {
    let (consent, purpose, expired) = brief.withheld
    let parts = [
      consent > 0 ? "\(Words.count(consent, "fact")) without consent" : nil,
      purpose > 0 ? "\(Words.count(purpose, "fact")) for other purposes" : nil,
      expired > 0 ? "\(Words.count(expired, "fact")) to be asked again" : nil,
    ].compactMap(\.self)
    if !parts.isEmpty {
      output.line(output.styled("not shown: \(parts.joined(separator: ", "))", .dim))
    }
  }

  /// `2nd`, `3rd`, `11th`.
  static func ordinal(_ number: Int) -> String {
    let ending =
      switch (number % 10, number % 100) {
      case (_, 11...13): "th"
      case (1, _): "st"
      case (2, _): "nd"
      case (3, _): "rd"
      default: "th"
      }
    return "\(number)\(ending)"
  }
}
