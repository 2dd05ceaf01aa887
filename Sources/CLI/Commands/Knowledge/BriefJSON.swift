import Causality
import Codec
import Merge
import ServiceDesk

/// A brief for programs.
enum BriefJSON {
  static func value(_ brief: Brief, _ desk: Desk) -> JSONText {
    let view = brief.customer
    let address = view.address.map { (String($0.name.text.dropFirst("address.".count)), $0.shown.value) }
    return JSONText(present: [
      ("customer", JSONText(view.id.description)), ("short", JSONText(desk.shortID(view.id))),
      ("name", JSONText(view.name)), ("language", view.language.map { JSONText($0) }),
      ("phones", EntityJSON.strings(view.phones)), ("emails", EntityJSON.strings(view.emails)),
      ("handles", EntityJSON.strings(view.handles)), ("address", JSONText(object: address)),
      ("tags", EntityJSON.strings(view.tags)), ("preferred", brief.preferred.map { JSONText($0) }),
      ("avoid", EntityJSON.strings(brief.avoided)), ("contact", JSONText(brief.contact.isGranted)),
      ("known", JSONText(array: brief.facts.map { fact($0) })),
      (
        "shared",
        brief.shared.isEmpty
          ? nil
          : JSONText(
            array: brief.shared.map { one in
              JSONText(object: [
                ("key", JSONText(one.fact.key)), ("value", one.fact.value),
                ("organisation", JSONText(one.organisation.description)),
                ("organisationName", JSONText(one.organisationName)),
              ])
            })
      ),
      (
        "confirm",
        JSONText(
          array: brief.unclear.map { fact($0) } + brief.sharedUnclear.map { fact($0.fact, of: $0) })
      ),
      ("promises", JSONText(array: brief.promises.map { PromiseJSON.row($0, desk) })),
      ("open", JSONText(array: brief.openTickets.map { TicketJSON.row($0, desk) })),
      (
        "disputed",
        brief.disputedTickets.isEmpty
          ? nil : JSONText(array: brief.disputedTickets.map { TicketJSON.row($0, desk) })
      ),
      ("contacts", JSONText(array: brief.contacts.map(contact))),
      ("recurrence", brief.recurrence.map(recurrence)), ("survey", brief.feedback.map(feedback)),
      ("conflicts", JSONText(array: brief.disagreements.map(disagreement))),
      ("withheld", withheld(brief)),
    ])
  }

  private static func withheld(_ brief: Brief) -> JSONText {
    JSONText(object: [
      ("consent", JSONText(brief.withheld.consent)), ("purpose", JSONText(brief.withheld.purpose)),
      ("expired", JSONText(brief.withheld.expired)),
    ])
  }

  /// - Parameter shared: of what an organisation shares, that.
  private static func fact(_ fact: FactView, of shared: Brief.SharedFact? = nil) -> JSONText {
    JSONText(present: [
      ("key", JSONText(fact.key)), ("value", fact.value),
      (
        "values",
        fact.isConflict
          ? JSONText(array: fact.alternatives.map { KnowledgeText.json(Answer.Value($0)) }) : nil
      ),
      ("by", JSONText(fact.by)), ("at", JSONText(fact.at.description)),
      ("channel", fact.channel.map { JSONText($0) }),
      ("confidence", JSONText(fact.confidence)),
      ("organisation", shared.map { JSONText($0.organisation.description) }),
      ("organisationName", shared.map { JSONText($0.organisationName) }),
    ])
  }

  private static func contact(_ contact: Brief.Contact) -> JSONText {
    JSONText(present: [
      ("on", JSONText(contact.on.description)), ("at", JSONText(contact.entry.happened.description)),
      ("channel", contact.entry.channel.map { JSONText($0) }),
      ("direction", contact.entry.direction.map { JSONText($0) }), ("by", JSONText(contact.entry.by)),
      ("text", JSONText(contact.text)),
    ])
  }

  private static func recurrence(_ again: Brief.Recurrence) -> JSONText {
    JSONText(object: [
      ("contacts", JSONText(again.contacts)), ("days", JSONText(Int(again.span / 86_400_000))),
      ("ticket", JSONText(again.ticket.description)), ("topic", JSONText(again.topic)),
    ])
  }

  private static func feedback(_ said: Brief.Feedback) -> JSONText {
    JSONText(present: [
      ("at", JSONText(said.at.description)), ("csat", said.csat.map { JSONText($0) }),
      ("ces", said.ces.map { JSONText($0) }), ("comment", said.comment.map { JSONText($0) }),
      ("ticket", said.ticket.map { JSONText($0.description) }),
    ])
  }

  private static func disagreement(_ item: Brief.Disagreement) -> JSONText {
    JSONText(object: [
      ("on", JSONText(item.on.description)), ("field", JSONText(item.field.name.text)),
      ("values", JSONText(array: item.field.heads.map(\.value))),
    ])
  }
}

/// Promises for programs.
enum PromiseJSON {
  static func row(_ row: PromiseRow, _ desk: Desk) -> JSONText {
    JSONText(present: [
      ("id", JSONText(row.id.description)), ("short", JSONText(desk.shortID(row.id))),
      ("text", JSONText(row.text)), ("state", JSONText(row.state)),
      ("due", row.due.map { JSONText(HybridTime(milliseconds: $0).description) }),
      ("amount", row.amount.isEmpty ? nil : JSONText(row.amount)),
      ("currency", row.currency.isEmpty ? nil : JSONText(row.currency)),
      ("customer", row.customer.map { JSONText($0.description) }),
      ("ticket", row.ticket.map { JSONText($0.description) }), ("by", JSONText(row.by)),
      ("created", JSONText(HybridTime(milliseconds: row.created).description)),
      ("conflicts", JSONText(row.conflicts)),
    ])
  }
}
