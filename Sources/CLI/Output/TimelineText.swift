import Causality
import Codec
import Merge
import ServiceDesk

/// Messages, notes and events as a person reads them.
enum TimelineText {
  static func write(_ entries: [TimelineEntry], to output: Output) {
    for entry in entries {
      write(entry, nil, to: output)
      lines(entry.text, to: output)
    }
  }

  /// A ticket's timeline: with the ids of entries, what became of messages and why they do not go out, corrections and redactions.
  static func write(_ page: TicketPage, _ holds: [ChangeID: HoldReason], _ desk: Desk, to output: Output) {
    for item in page.entries {
      let place = item.on == page.id ? nil : "in \(desk.shortID(item.on))"
      let more = [item.state, item.detail, place, desk.shortID(item.entry.id)].compactMap(\.self)
      write(item.entry, more.joined(separator: ", "), to: output)
      if let hidden = item.redacted {
        output.line(
          "  " + output.styled("hidden by \(Plain.line(hidden.by)): \(Plain.line(hidden.reason))", .dim))
      } else {
        lines(item.text, to: output)
        extras(item.entry, to: output)
      }
      if let better = item.corrected, item.redacted == nil {
        let why = better.reason.map { ": \($0)" } ?? ""
        output.line("  " + output.styled(Plain.line("corrected by \(better.by)\(why)"), .dim))
      }
      if let hold = holds[item.entry.id] {
        output.line("  " + output.styled(Plain.line("held back: \(hold)"), .yellow))
      }
    }
  }

  /// `2026-11-22 02:13  anna  phone to customer  (queued, k7f3.422)`
  private static func write(_ entry: TimelineEntry, _ more: String?, to output: Output) {
    let side =
      switch entry.direction {
      case "in": "from customer"
      case "out": "to customer"
      default: nil as String?
      }
    let isNote = entry.kind == Vocabulary.note
    let kind = isNote ? "internal note" : entry.kind == Vocabulary.message ? nil : word(entry)
    let length = entry.value["duration"]?.int.map { Moment.span(UInt64(max(0, $0)) * 1000) }
    let what = [entry.channel, side, kind, length].compactMap(\.self).joined(separator: " ")
    let who = entry.value["author"]?.string.map { "\($0) (written down by \(entry.by))" } ?? entry.by
    let tail = more.map { "  (\(Plain.line($0)))" } ?? ""
    let head = "\(Moment.local(entry.happened))  \(Plain.line(who))  \(Plain.line(what))\(tail)"
    output.line(output.styled(head, isNote ? .yellow : .dim))
  }

  /// What an entry is that is no message and no note.
  private static func word(_ entry: TimelineEntry) -> String {
    func member(_ name: String) -> String? { entry.value[name]?.string }
    switch entry.kind {
    case Vocabulary.transfer:
      let from = [member("from"), member("fromTeam")].compactMap(\.self).joined(separator: ", ")
      let to = [member("to"), member("toTeam")].compactMap(\.self).joined(separator: ", ")
      return "transfer" + (from.isEmpty ? "" : " from \(from)") + " to \(to)"
    case Vocabulary.compensation: return "compensation \(member("amount") ?? "") \(member("currency") ?? "")"
    case Vocabulary.event: return member("event") ?? "event"
    default: return entry.kind
    }
  }

  private static func lines(_ text: String, to output: Output) {
    for line in Plain.text(text).split(separator: "\n", omittingEmptySubsequences: false) {
      output.line("  \(line)")
    }
  }

  private static func extras(_ entry: TimelineEntry, to output: Output) {
    for line in entry.value["lines"]?.elements ?? [] {
      output.line(Plain.line("    \(line["who"]?.plain ?? ""): \(line["text"]?.plain ?? "")"))
    }
    for file in entry.value["files"]?.elements ?? [] {
      let size = Words.bytes(file["size"]?.int ?? 0)
      output.line(
        Plain.line("    file \(file["name"]?.plain ?? "") (\(size), \(file["sha256"]?.plain ?? ""))"))
    }
  }
}
