import Agent
import Causality
import Merge
import Storage

/// Why a message that waits is not sent.
public enum HoldReason: Sendable, Hashable, CustomStringConvertible {
  /// Somebody said so.
  case said
  /// So many entries of the customer are there that its author had not seen.
  case crossed(Int)
  /// The ticket was another customer's when it was written.
  case otherCustomer
  /// People disagree about whose ticket it is.
  case disputedCustomer
  /// The customer does not allow this purpose.
  case purpose(String)
  /// The customer does not allow contact, and did not write first.
  case contact
  /// The ticket is of nobody.
  case noCustomer
  /// The customer has no address for this channel.
  case noAddress(String)

  /// As part of a sentence: `the customer does not allow marketing`.
  public var description: String {
    switch self {
    case .said: "somebody held it back"
    case .crossed(let count):
      "\(count == 1 ? "1 message" : "\(count) messages") of the customer that its author had not seen"
    case .otherCustomer: "the ticket was another customer's when it was written"
    case .disputedCustomer: "people disagree about whose ticket it is"
    case .purpose(let name): "the customer does not allow \(name)"
    case .contact: "the customer allows no contact, and did not write first"
    case .noCustomer: "the ticket names no customer"
    case .noAddress(let channel): "the customer has no address for \(channel)"
    }
  }
}

extension HoldReason {
  /// Why a message is held: what it would do most harm by comes first.
  init(_ held: TicketPage.Entry) {
    if !held.reassigned.isEmpty {
      self = held.isDisputed ? .disputedCustomer : .otherCustomer
    } else {
      self = held.crossed.isEmpty ? .said : .crossed(held.crossed.count)
    }
  }
}

extension OutgoingMessage {
  /// Why it reaches nobody. On a channel for which customers have no addresses of their own, such as a chat, the ticket tells
  /// where it goes, so nothing is missing there.
  public var unreachable: HoldReason? {
    guard let channel = entry.entry.channel, ["email", "sms", "phone", "message"].contains(channel),
      recipients.isEmpty
    else { return nil }
    return customer == nil ? .noCustomer : .noAddress(channel)
  }
}

extension Desk {
  /// Why messages of a page that wait would not be sent now, by their entries. Cost: none where none waits, else the customer and the
  /// settings.
  public func holdReasons(on page: TicketPage) throws(DeskError) -> [ChangeID: HoldReason] {
    let waiting = page.entries.filter { ["queued", "held"].contains($0.state) }
    guard !waiting.isEmpty else { return [:] }
    let settings = try settings()
    var reasons: [ChangeID: HoldReason] = [:]
    for channel in Set(waiting.compactMap(\.entry.channel)) {
      for (kind, message) in try messages(of: page, on: channel, settings)
      where kind == "queued" || kind == "held" {
        reasons[message.entry.entry.id] = message.hold ?? message.unreachable
      }
    }
    return reasons
  }

  /// Why one message would not be sent now; nil also for one that does not wait. Cost: a page, and as above.
  public func holdReason(_ message: OutgoingMessage) throws(DeskError) -> HoldReason? {
    guard !store.isErased(message.ticket.id) else { return nil }
    return try holdReasons(on: page(message.ticket.id))[message.entry.entry.id]
  }
}
