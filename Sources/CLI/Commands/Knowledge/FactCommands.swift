import Causality
import Codec
import Merge
import ServiceDesk

/// Commands for what is known of customers.
enum FactCommands {
  static let group = CommandGroup(
    "fact", "Facts: what a customer said once and is not to be asked again",
    [FactSet.command, FactGet.command, FactList.command, FactRetract.command])

  static let subject = Operand(
    "CUSTOMER", "a customer: id, number, phone, e-mail, handle or name; or a ticket's id")
  static let key = Operand("KEY", "what it is about: shoe_size, 'Order number'")
  static let channel = Option.value(
    "channel", "NAME", "the channel on which it was said", choices: Vocabulary.channels)
  static let ticket = Option.value("ticket", "TICKET", "the ticket at hand")
  static let purpose = Option.value(
    "for", "PURPOSE", "the purpose: service, contact, marketing, analytics, or one of your own")
}

/// Facts and answers as people and programs read them.
enum KnowledgeText {
  /// `(stated to anna on phone, 2026-11-21 18:21)`
  static func source(_ value: Answer.Value, _ desk: Desk) -> String {
    let verb = value.confidence == "stated" ? "stated to" : "\(value.confidence) by"
    let parts: [String?] = [
      "\(verb) \(value.by)" + (value.channel.map { " on \($0)" } ?? ""), Moment.local(value.at),
      value.ticket.map { "ticket \(desk.shortID($0))" },
      value.organisationName.map { "shared by \($0)" },
      value.expires.map { "until \(Moment.local($0))" },
      value.purpose == Vocabulary.service ? nil : "for \(value.purpose)",
    ]
    return "(\(parts.compactMap(\.self).joined(separator: ", ")))"
  }

  static func json(_ value: Answer.Value) -> JSONText {
    JSONText(present: [
      ("value", value.value), ("by", JSONText(value.by)), ("at", JSONText(value.at.description)),
      ("channel", value.channel.map { JSONText($0) }),
      ("ticket", value.ticket.map { JSONText($0.description) }),
      ("organisation", value.organisation.map { JSONText($0.description) }),
      ("organisationName", value.organisationName.map { JSONText($0) }),
      ("purpose", JSONText(value.purpose)), ("confidence", JSONText(value.confidence)),
      ("expires", value.expires.map { JSONText($0.description) }),
    ])
  }

  static func json(_ answer: Answer) -> JSONText {
    JSONText(present: [
      ("key", JSONText(answer.key)), ("state", JSONText(answer.state.rawValue)),
      ("code", JSONText(answer.state.code)),
      ("value", answer.values.first?.value),
      ("values", answer.values.isEmpty ? nil : JSONText(array: answer.values.map(json))),
      ("question", answer.question.map { JSONText($0) }),
    ])
  }

  /// Adds an answer to a sheet: its value and where it comes from, or what stands in the way.
  static func add(_ answer: Answer, to sheet: inout Sheet, _ desk: Desk) {
    let values = answer.values.map { "\($0.value.plain) \(source($0, desk))" }
    switch answer.state {
    case .known:
      for (index, value) in values.enumerated() { sheet.add(index == 0 ? answer.key : "", value, .green) }
    case .conflict:
      for (index, value) in values.enumerated() {
        sheet.add(index == 0 ? answer.key : "", (index == 0 ? "confirm: " : "or ") + value, .yellow)
      }
    case .expired:
      let was = values.first.map { "ask again, it held until then: \($0)" }
      sheet.add(answer.key, was ?? "known once, but it holds no longer", .yellow)
    case .purpose: sheet.add(answer.key, "known, but not for this purpose", .yellow)
    case .withdrawn: sheet.add(answer.key, "known, but there is no consent to its use", .yellow)
    case .unknown: sheet.add(answer.key, "not known" + (answer.question.map { ": \($0)" } ?? ""))
    case .secret: sheet.add(answer.key, "secret: may be asked for, is never kept", .red)
    }
  }
}
