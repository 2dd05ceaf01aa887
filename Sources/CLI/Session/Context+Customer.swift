import Agent
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

  /// The customer or ticket that somebody means.
  func customerOrTicket(_ text: String, _ desk: Desk) throws -> EntityID {
    if let id = EntityID(text) { return try find(text, type: id.type, desk) }
    do {
      return try customer(text, desk)
    } catch let failure as Failure {
      guard failure.code == .notFound, let ticket = try? find(text, type: Vocabulary.ticket, desk) else {
        throw failure
      }
      return ticket
    }
  }

  /// The ticket that somebody means; nil where nobody said any.
  func ticket(_ text: String?, _ desk: Desk) throws -> EntityID? {
    try text.map { try find($0, type: Vocabulary.ticket, desk) }
  }
}
