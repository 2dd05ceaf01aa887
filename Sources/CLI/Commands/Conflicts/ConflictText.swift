import Agent
import Causality
import Codec
import Merge
import ServiceDesk

/// Entries of the inbox as a person reads them.
enum ConflictText {
  /// Two lines each: what and when, then what the customer sees.
  ///
  /// - Parameter total: of how many there are one is meant that is named by what is printed of its id.
  static func list(_ conflicts: [Conflict], of total: Int, _ output: Output) {
    let width = ConflictsCommands.width(conflicts.map(\.id), of: total)
    for conflict in conflicts {
      let state = conflict.state == .open ? "" : "  (\(conflict.state.rawValue))"
      let field = conflict.field.map { " \(Plain.line($0.text))" } ?? ""
      let title = conflict.title.map { "  " + Plain.line($0) } ?? ""
      output.line(
        output.styled(String(conflict.id.prefix(width)), .bold)
          + "  \(output.styled(conflict.kind.title + field, style(conflict)))  \(Moment.local(conflict.at))"
          + output.styled("  \(conflict.on.type)\(title)\(state)", .dim))
      output.line("    \(Plain.line(sentence(conflict)))")
    }
  }

  /// What a settlement took, in words: the value that a field has now, or the side that stands; nil where there is nothing to say.
  static func taken(_ conflict: Conflict, _ how: Settlement, _ change: Change?) -> String? {
    if let field = conflict.field {
      return change?.value(of: field).map { "\(field.text) is \(Phrase.quoted(conflict.read($0))) now" }
    }
    guard case .take(let index) = how, conflict.sides.indices.contains(index) else { return nil }
    return "side \(index + 1) stands, by \(conflict.sides[index].by)"
  }

  /// The sentence with a capital in front and a full stop behind.
  static func sentence(_ conflict: Conflict) -> String {
    let text = conflict.local(conflict.says)
    return text.prefix(1).uppercased() + text.dropFirst() + (text.hasSuffix(".") ? "" : ".")
  }

  private static func style(_ conflict: Conflict) -> Style? {
    conflict.state != .open ? .dim : conflict.harm >= 60 ? .red : .yellow
  }

  /// Everything about one.
  static func write(_ conflict: Conflict, _ desk: Desk, _ context: Context) throws {
    let output = context.output
    output.line(
      output.styled("conflict \(conflict.id)  \(conflict.kind.title)", .bold)
        + "  \(conflict.state.rawValue), harm \(conflict.harm)")
    output.line(Plain.line(sentence(conflict)))
    var sheet = Sheet()
    sheet.add("on", "\(conflict.on.type) \(desk.shortID(conflict.on))  \(conflict.title ?? "")")
    sheet.add("field", conflict.field?.text)
    sheet.add("customer", conflict.customerName)
    sheet.add("team", conflict.team)
    sheet.add("assignee", conflict.assignee)
    if !conflict.replaced.isEmpty {
      sheet.add("before", conflict.replaced.map(conflict.read).joined(separator: ", "))
    } else if conflict.field != nil {
      sheet.add("before", "nothing")
    }
    if let shown = conflict.shown, conflict.sides.indices.contains(shown) {
      sheet.add(
        "shown now",
        "\(shown + 1) (\(conflict.sides[shown].value.map(conflict.read) ?? "")), by the rule: \(conflict.rule ?? "")"
      )
    }
    if let settlement = conflict.settlement {
      let value = settlement.value.map { " as \(conflict.read($0))" } ?? ""
      let note = settlement.note.map { ", because: \($0)" } ?? ""
      sheet.add("settled", "by \(settlement.by), \(Moment.local(settlement.at))\(value)\(note)")
    }
    sheet.write(to: output, indent: "  ")
    for (index, side) in conflict.sides.enumerated() { write(side, index, conflict, desk, output) }
    if !conflict.isWithheld { try timeline(conflict, desk, output) }
    if let apology = conflict.apology, conflict.state == .open {
      output.line()
      output.line(output.styled("A reply to send:", .dim))
      output.line("  " + Plain.line(apology))
    }
    if conflict.state == .open {
      output.line()
      // The whole id means no other one, also when more have come.
      let command = "askonce conflicts settle \(conflict.id)"
      let way =
        desk.store.isErased(conflict.on)
        ? "When it is dealt with: \(command)"
        : conflict.field != nil
          ? "Settle it: \(command) --take N, or --value V"
          : "When it is dealt with: \(command) --note \"...\""
      output.line(output.styled(way, .dim))
    }
  }

  private static func write(
    _ side: Conflict.Side, _ index: Int, _ conflict: Conflict, _ desk: Desk, _ output: Output
  ) {
    output.line()
    let channel = side.channel.map { " on \($0)" } ?? ""
    output.line(
      "  "
        + output.styled(
          "\(index + 1)  \(Plain.line(side.by)): \(Plain.line(conflict.local(side.says)))\(Plain.line(channel))",
          .bold))
    var when = "dated \(Moment.local(side.at))"
    if side.effective != side.at { when += ", counts as made \(Moment.local(side.effective))" }
    when += side.received.map { ", received \(Moment.local($0))" } ?? ", not sent yet"
    output.line("     \(when)")
    if side.on != conflict.on { output.line("     on \(side.on.type) \(desk.shortID(side.on))") }
    let place = side.position.map { "position \(Words.grouped(Int($0)))" } ?? "no position yet"
    output.line("     device \(side.replica), \(place), had seen up to \(Words.grouped(Int(side.seen)))")
    let others = conflict.sides.indices.filter { $0 != index }
    let unknown = others.filter { !side.knew.contains(conflict.sides[$0].change) }
    if !unknown.isEmpty {
      output.line("     did not know \(unknown.map { "\($0 + 1)" }.joined(separator: ", "))")
    }
    if unknown.count < others.count {
      output.line(
        "     knew \(others.filter { !unknown.contains($0) }.map { "\($0 + 1)" }.joined(separator: ", "))")
    }
  }

  /// What was done on the entity around the sides.
  private static func timeline(_ conflict: Conflict, _ desk: Desk, _ output: Output) throws {
    let steps = try ConflictTimeline.steps(conflict, desk)
    guard !steps.isEmpty else { return }
    output.line()
    output.line(output.styled("  Around it:", .dim))
    let sides = Set(conflict.sides.map(\.change))
    for step in steps {
      let mark = sides.contains(step.id) ? "*" : " "
      let what = conflict.local(HistoryText.edits(step).joined(separator: "; "))
      output.line(
        "  \(mark) \(Moment.local(step.at))  \(Plain.line(step.by))  \(Plain.cut(Plain.line(what), to: 100))")
    }
  }
}

extension Conflict {
  /// Whether its values are times until which something is to be done.
  private var isOfTimes: Bool {
    field.flatMap { BuiltInField(type: on.type, field: $0) } == .time
  }

  /// One of its values as a person reads it: a time in the device's time zone, as on a ticket's page.
  fileprivate func read(_ value: JSONText) -> String { isOfTimes ? Moment.local(value) : words(value) }

  /// A sentence about it with its times in the device's time zone: sentences are the same on every device.
  fileprivate func local(_ sentence: String) -> String {
    guard isOfTimes else { return sentence }
    return sides.compactMap(\.value).reduce(sentence) { $0.replacing($1.plain, with: Moment.local($1)) }
  }
}

extension Change {
  /// What it sets a field to; nil where it does not.
  func value(of field: ExactString) -> JSONText? {
    members.first { $0.key == "set" }?.value.members?.first { $0.key == field.text }?.value
  }
}

/// The part of a history around a conflict.
enum ConflictTimeline {
  /// The steps from three before the first side to three behind the last one, at most forty, without what may not be shown.
  static func steps(_ conflict: Conflict, _ desk: Desk) throws -> [HistoryStep] {
    guard let history = try desk.history(of: conflict.on) else { return [] }
    let places = conflict.sides.compactMap { history.index(of: $0.change) }
    guard let first = places.min(), let last = places.max() else { return [] }
    let veil = try desk.veil(over: history.id)
    return history.steps[max(0, first - 3)..<min(history.steps.count, last + 4)].prefix(40).map(veil.shown)
  }
}
