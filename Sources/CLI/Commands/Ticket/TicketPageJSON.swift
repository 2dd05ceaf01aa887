import Causality
import Codec
import Merge
import ServiceDesk

/// What a ticket's page has beside the ticket's own state, for programs.
enum TicketPageJSON {
  static func members(
    _ page: TicketPage, _ holds: [ChangeID: HoldReason], _ desk: Desk
  ) -> [(String, JSONText?)] {
    func ids(_ ids: [EntityID]) -> JSONText? {
      ids.isEmpty ? nil : JSONText(array: ids.map { JSONText($0.description) })
    }
    return [
      ("parts", ids(page.parts.map(\.id))), ("splitFrom", page.splitFrom.map { JSONText($0.description) }),
      ("splitInto", ids(page.splitInto)),
      ("promises", JSONText(array: page.promises.map { PromiseJSON.row($0, desk) })),
      ("care", JSONText(object: page.care.map { ($0.name, JSONText(present: care($0))) })),
      ("timeline", JSONText(array: page.entries.map { entry($0, holds[$0.entry.id]) })),
    ]
  }

  private static func care(_ step: CareStep) -> [(String, JSONText?)] {
    [
      ("taken", JSONText(step.evidence != nil)), ("at", step.evidence.map { JSONText($0.at.description) }),
      ("by", step.evidence.map { JSONText($0.by) }), ("what", step.evidence.map { JSONText($0.what) }),
    ]
  }

  private static func entry(_ item: TicketPage.Entry, _ hold: HoldReason?) -> JSONText {
    let entry = item.entry
    return JSONText(present: [
      ("id", JSONText(entry.id.description)), ("on", JSONText(item.on.description)),
      ("kind", JSONText(entry.kind)),
      ("event", entry.value["event"]), ("channel", entry.channel.map { JSONText($0) }),
      ("direction", entry.direction.map { JSONText($0) }), ("by", JSONText(entry.by)),
      ("happened", JSONText(entry.happened.description)), ("at", JSONText(entry.at.description)),
      ("received", entry.received.map { JSONText(HybridTime(milliseconds: $0).description) }),
      ("state", item.state.map { JSONText($0) }), ("detail", item.detail.map { JSONText($0) }),
      (
        "crossed",
        item.crossed.isEmpty ? nil : JSONText(array: item.crossed.map { JSONText($0.description) })
      ),
      ("held", hold.map { JSONText($0.description) }),
      ("redacted", item.redacted.map { JSONText($0.reason) }),
      ("corrected", item.corrected.map { JSONText($0.by) }),
      ("duration", entry.value["duration"]), ("lines", item.redacted == nil ? entry.value["lines"] : nil),
      ("files", item.redacted == nil ? entry.value["files"] : nil),
      ("text", item.redacted == nil ? JSONText(item.text) : nil),
    ])
  }
}
