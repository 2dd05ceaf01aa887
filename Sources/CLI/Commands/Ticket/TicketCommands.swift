import Causality
import Codec
import Merge
import ServiceDesk

/// Commands for tickets.
enum TicketCommands {
  static let group = CommandGroup(
    "ticket", "Tickets: what customers need, and what was done about it",
    [
      TicketNew.command, TicketShow.command, TicketSet.command, TicketList.command, TicketReply.command,
      TicketCall.command, TicketNote.command, TicketTag.add, TicketTag.drop, TicketHandling.take,
      TicketHandling.transfer, TicketHandling.solve, TicketHandling.reopen, TicketHandling.followUp,
      TicketHandling.compensate, TicketJoining.merge, TicketJoining.unmerge, TicketJoining.split,
      TicketJoining.link, TicketJoining.unlink, TicketMending.correct, TicketMending.redact,
      TicketMending.release, TicketMending.cancel,
      TicketMending.follow, TicketMending.unfollow,
    ])

  static let ticket = Operand("TICKET", "the start of its id, or its number from another system")
  static let tag = Option.list("tag", "WORD", "a tag to add")
  static let channel = Option.value(
    "channel", "NAME", "the way the customer talks to us", choices: Vocabulary.channels)

  static let due = Option.value(
    "due", "TIME", "by when it is to be done: 2026-11-25 (to its end), '2026-11-25 09:00', 2d, 4h")

  /// Sets the field `due`, which counts from now where a length of time was given.
  static func setDue(_ text: String?, in draft: inout Draft, now: UInt64) throws(Failure) {
    guard let text else { return }
    let time = try Moment.due(text, now: now)
    guard draft.set.updateValue(JSONText(HybridTime(milliseconds: time).description), forKey: "due") == nil
    else {
      throw .usage("'due' is set twice, by --due too")
    }
  }

  /// What can be said of a ticket by name.
  static let fields: [(option: Option, field: ExactString)] = [
    (.value("status", "WORD", "how far it is", choices: Vocabulary.statuses), "status"),
    (.value("priority", "WORD", "how urgent it is", choices: Vocabulary.priorities), "priority"),
    (.value("team", "NAME", "the team that it belongs to"), "team"),
    (.value("assignee", "NAME", "the agent who has it"), "assignee"),
    (.value("topic", "TEXT", "what it is about"), "topic"),
    (channel, "channel"),
    (.value("ref", "NUMBER", "its number in another system"), "ref"),
  ]
}
