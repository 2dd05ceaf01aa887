import Causality
import Codec
import Merge
import Storage

/// What the tables hold of customers and tickets, and by which terms entities are found.
struct DeskProjection: TableProjection {
  /// Grows with every change of this file, `Term`, `TextFolding` or `PhoneDigits` that gives anything else.
  let version: UInt32 = 11

  func columns(ofType type: String) -> [TableColumn] {
    switch type {
    case Vocabulary.ticket: TicketRow.columns
    case Vocabulary.customer, Vocabulary.organisation: CustomerRow.columns
    case Vocabulary.promise: PromiseRow.columns
    case Vocabulary.survey: SurveyRow.columns
    default: []
    }
  }

  /// Since when a customer waits stands in the timeline.
  func readsLogs(ofType type: String) -> Bool { type == Vocabulary.ticket }

  func values(of state: EntityState) -> [TableValue] {
    switch state.id.type {
    case Vocabulary.ticket: TicketRow.values(of: state)
    case Vocabulary.customer, Vocabulary.organisation: CustomerRow.values(of: state)
    case Vocabulary.promise: PromiseRow.values(of: state)
    case Vocabulary.survey: SurveyRow.values(of: state)
    default: []
    }
  }

  func terms(of entity: EntityID, _ changes: [PlacedChange]) -> Set<UInt32> {
    var terms: Set<UInt32> = []
    for placed in changes {
      // A stored body was validated; were it damaged, what comes before the damage counts.
      try? ChangeBody.operations(of: placed.change.body) { operation in
        for term in Self.terms(entity.type, operation) { terms.insert(term.hash) }
      }
    }
    return terms
  }

  private static func terms(_ type: String, _ operation: Operation) -> [Term] {
    switch operation {
    case .set("ref", let value): [.ref(value.plain)]
    case .set("name", let value) where type == Vocabulary.customer:
      TextFolding.words(value.plain).map { .name(word: $0) } + BlockingKeys.terms("name", value)
    case .set("name", let value) where type == Vocabulary.organisation:
      TextFolding.words(value.plain).map { .name(word: $0) }
    case .set(let field, let value)
    where type == Vocabulary.customer && field.text.hasPrefix(Vocabulary.consentPrefix):
      Consents.isWithdrawn(value) ? [.withdrew] : []
    case .set(let field, let value) where type == Vocabulary.customer: BlockingKeys.terms(field, value)
    case .add(Links.same, _): [.linked]
    case .add(Vocabulary.organisations, let element) where type == Vocabulary.customer:
      [.organisation(element.text)]
    case .set("subject", let value) where type == Vocabulary.ticket:
      TextFolding.words(value.plain).map { .subject(word: $0) }
    case .set("customer", let value): [.customer(value.plain)]
    case .set("ticket", let value): [.ticket(value.plain)]
    case .set(Vocabulary.merged, let value): [.merged(value.plain)]
    case .set(Vocabulary.outreachField, let value) where type == Vocabulary.ticket: [.outreach(value.plain)]
    case .set(Vocabulary.split, let value): value["from"].map { [.split($0.plain)] } ?? []
    case .add(let field, let element) where type == Vocabulary.customer:
      Term.contact(field, element.text).map { [$0] } ?? []
    default: []
    }
  }
}

extension EntityState {
  /// The shown value of a field as a table keeps it: cut where it is very long, "" where there is none.
  func brief(_ field: ExactString) -> String {
    guard let text = text(field) else { return "" }
    return text.utf8.count <= 400 ? text : String(text.prefix(200))
  }

  /// The elements of a set as one word.
  func joined(_ field: ExactString) -> String {
    let elements = elements(field)
    return elements.isEmpty ? "" : JSONText(array: elements.map { JSONText($0) }).text
  }
}
