import Agent
import Causality
import Codec
import Merge
import ServiceDesk

extension Context {
  /// The customer that somebody means: by id, number, phone number, e-mail, handle or name, if only one fits best.
  func customer(_ text: String, _ desk: Desk) throws -> EntityID {
    do {
      return try desk.resolve(text, type: Vocabulary.customer)
    } catch {
      guard case .notFound = error else { throw Failure(error) }
    }
    let matches = try desk.findCustomers(text, limit: 20)
    guard let best = matches.first else {
      throw Failure(
        .notFound, "there is no customer '\(text)' in this store; 'askonce sync' fetches new ones")
    }
    let same = matches.filter { $0.reason == best.reason }
    if same.count > 1 {
      let candidates = same.map {
        DeskError.Candidate(
          id: $0.customer.id, shortID: desk.shortID($0.customer.id), title: $0.customer.name)
      }
      throw Failure(.ambiguous(text, candidates: candidates))
    }
    return best.customer.id
  }

  /// The customer for whom something is to be done: not one who was erased, of whom nothing may be kept.
  func presentCustomer(_ text: String, _ desk: Desk) throws -> EntityID {
    let id = try find(text, type: Vocabulary.customer, desk)
    try desk.refuseErased(id)
    return id
  }

  /// The customer or ticket that somebody means; of a ticket that was merged into another one, that one.
  func customerOrTicket(_ text: String, _ desk: Desk) throws -> EntityID {
    if let id = EntityID(text) {
      return id.type == Vocabulary.ticket
        ? try wholeTicket(text, desk) : try find(text, type: id.type, desk)
    }
    do {
      return try customer(text, desk)
    } catch let failure as Failure {
      guard failure.code == .notFound, let ticket = try? wholeTicket(text, desk) else {
        throw failure
      }
      return ticket
    }
  }

  /// The ticket that somebody means; of one that was merged into another, that one.
  func wholeTicket(_ text: String, _ desk: Desk) throws -> EntityID {
    let id = try find(text, type: Vocabulary.ticket, desk)
    let whole = try desk.whole(id)
    if whole != id { note("\(desk.shortID(id)) is a part of \(desk.shortID(whole)) now") }
    return whole
  }

  /// The entry of a ticket's timeline that somebody means: the change's id, or the start of it as 'ticket show' prints it.
  func entry(_ text: String, of page: TicketPage, _ desk: Desk) throws -> TicketPage.Entry {
    let found = page.entries.filter { item in
      let id = item.entry.id
      guard let dot = text.lastIndex(of: "."), text[text.index(after: dot)...] == String(id.sequence) else {
        return false
      }
      return id.replica.description.hasPrefix(text[..<dot])
    }
    guard let first = found.first else {
      throw Failure(
        .notFound, "\(desk.shortID(page.id)) has no entry '\(text)'; 'askonce ticket show' prints their ids")
    }
    guard found.count == 1 else { throw Failure(.ambiguous, "'\(text)' can mean several entries") }
    return first
  }

  /// The ticket that somebody means, of one that was merged into another one that one; nil where nobody said any.
  func ticket(_ text: String?, _ desk: Desk) throws -> EntityID? {
    try text.map { try wholeTicket($0, desk) }
  }
}
