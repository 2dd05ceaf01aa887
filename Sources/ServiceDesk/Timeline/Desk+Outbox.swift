import Agent
import Causality
import Codec
import Merge
import Storage

/// A written message to a customer that waits to be sent.
public struct OutgoingMessage: Sendable {
  /// The entry of the timeline.
  public let entry: TicketPage.Entry
  /// The ticket that it is on.
  public let ticket: TicketView
  /// Whom it goes to: of what stands on a part of the ticket that part's customer. nil where there is none.
  public let customer: CustomerView?
  /// Why it is held back; nil where it is not.
  public let hold: HoldReason?

  /// Where it goes: the customer's addresses for its channel.
  public var recipients: [String] {
    customer.map { Self.addresses(of: $0.state, for: entry.entry.channel) } ?? []
  }

  /// A customer's addresses for a channel.
  static func addresses(of customer: EntityState, for channel: String?) -> [String] {
    switch channel {
    case "email": customer.elements("emails")
    case "sms", "phone": customer.elements("phones")
    case "message": customer.elements("handles") + customer.elements("phones")
    default: customer.elements("handles")
    }
  }
}

extension Desk {
  /// What a channel's gateway has to do.
  public struct Outbox: Sendable {
    /// To be sent, what was written first in front.
    public let messages: [OutgoingMessage]
    /// Held back, because they crossed with words of the customer, because the ticket is another customer's now, or because the customer
    /// does not allow them (any more).
    public let held: [OutgoingMessage]
    /// This store began to send them and was stopped: nobody knows whether they went out.
    public let interrupted: [OutgoingMessage]
  }

  /// The messages to customers that wait on a channel. One whose purpose the customer does not allow, or contact where the
  /// customer did not write first, is held back. Cost: a column of the table of tickets, and a page for each ticket
  /// with something to send.
  public func outbox(_ channel: String) throws(DeskError) -> Outbox {
    let ids = try stored { () throws(StorageError) in
      try reading { () throws(StorageError) in
        var tests = RowTests(TicketRow.columns)
        tests.require(number: "erased") { $0 == 0 }
        tests.require("outbox") { [String](joined: $0).contains(channel) }
        let order = RowOrder(first: tests.column("updated") ?? 0)
        return try tables.scan(Vocabulary.ticket, tests, order, limit: .max).rows.map(\.entity)
      }
    }
    let settings = try settings()
    var found: [String: [OutgoingMessage]] = [:]
    var seen: Set<EntityID> = []
    var messages: Set<ChangeID> = []
    var waiting = Array(ids.reversed())
    while let id = waiting.popLast() {
      let page = try page(id)
      guard seen.insert(page.id).inserted else { continue }
      // A message that went along to another ticket stays in this one's log, and so in its row.
      waiting += page.splitInto
      // Two may have split one off at the same time, so that it is on two pages.
      for (kind, message) in try self.messages(of: page, on: channel, settings)
      where messages.insert(message.entry.entry.id).inserted {
        found[kind, default: []].append(message)
      }
    }
    func list(_ kind: String) -> [OutgoingMessage] {
      (found[kind] ?? []).sorted {
        ($0.entry.entry.effective, $0.entry.entry.id) < ($1.entry.entry.effective, $1.entry.entry.id)
      }
    }
    return Outbox(messages: list("queued"), held: list("held"), interrupted: list("sending"))
  }

  /// The messages of a page on a channel, each with how far it is: `held` also where the customer does not allow it, and
  /// `sending` only where this store sends it.
  ///
  /// Cost: the customers of the page's tickets.
  /// - Parameter marked: a message that this store marked as `sending` and did not begin to send: it counts as if it still waited.
  func messages(
    of page: TicketPage, on channel: String, _ settings: Settings, marked: ChangeID? = nil
  ) throws(DeskError) -> [(kind: String, message: OutgoingMessage)] {
    let addressees = try addressees(of: page, settings)
    // Whoever wrote to us is answered; that somebody else did, whose ticket is a part of the same one, does not make it so.
    let asking = Set(
      page.entries.filter { $0.entry.direction == "in" && $0.entry.isContact }.map {
        addressees[page.home(of: $0)]?.customer?.id
      })
    var found: [(kind: String, message: OutgoingMessage)] = []
    var entries = page.entries
    if let marked, let index = entries.firstIndex(where: { $0.entry.id == marked && $0.redacted == nil }) {
      let isHeld = !(entries[index].unseen + entries[index].reassigned).isEmpty
      entries[index].state = isHeld ? "held" : "queued"
      entries[index].crossed = entries[index].unseen
    }
    for entry in entries where entry.entry.channel == channel {
      var kind = entry.state ?? ""
      var hold: HoldReason?
      let purpose = entry.entry.value["purpose"]?.string ?? Vocabulary.service
      guard let addressee = addressees[page.home(of: entry)] else { continue }
      let consents = addressee.consents
      if kind == "held" { hold = .init(entry) }
      if kind == "queued", !consents.allows(purpose) { hold = .purpose(purpose) }
      if kind == "queued", hold == nil, !asking.contains(addressee.customer?.id),
        !consents.allows(Vocabulary.contact)
      {
        hold = .contact
      }
      if hold != nil { kind = "held" }
      if kind == "sending" {
        let head = try known(entry.on).shown(Self.replyField(entry.entry.id))
        let own = [store.replica] + (store.configuration.formerReplicas ?? [])
        if head.map({ own.contains($0.id.replica) }) != true { kind = "" }
      }
      let message = OutgoingMessage(
        entry: entry, ticket: page.view, customer: addressee.customer, hold: hold)
      found.append((kind, message))
    }
    return found
  }

  /// Whom the messages of a ticket are for.
  private struct Addressee {
    let customer: CustomerView?
    let consents: Consents
  }

  /// Whom the messages of each ticket of a page are for: a merge sends nobody what was written to somebody else, and neither grants
  /// nor takes away what that one said.
  private func addressees(
    of page: TicketPage, _ settings: Settings
  ) throws(DeskError) -> [EntityID: Addressee] {
    var addressees: [EntityID?: Addressee] = [:]
    var found: [EntityID: Addressee] = [:]
    for ticket in [page.view] + page.parts {
      let customer = try stored { () throws(StorageError) in try Self.customer(of: ticket.state, in: store) }
      if addressees[customer] == nil {
        let view = try customer.flatMap { (id) throws(DeskError) in
          try stored { () throws(StorageError) in try self.customer(id) }
        }
        let consents = try stored { () throws(StorageError) in
          try Consents(view?.state, settings, in: store)
        }
        addressees[customer] = Addressee(customer: view, consents: consents)
      }
      found[ticket.id] = addressees[customer]
    }
    return found
  }

  /// A message that was to be sent as it is now; nil where it is not to be sent any more: taken back, hidden, erased or sent by
  /// somebody else since it was listed, or the ticket got another customer, or the customer does not allow it now. Cost: a page, for one that moved to another ticket two.
  public func current(_ message: OutgoingMessage) throws(DeskError) -> OutgoingMessage? {
    try current(message, marked: false)
  }

  func current(_ message: OutgoingMessage, marked: Bool) throws(DeskError) -> OutgoingMessage? {
    let (channel, settings) = (message.entry.entry.channel ?? "", try settings())
    let page: TicketPage
    do {
      page = try self.page(message.ticket.id)
    } catch .notFound {
      return nil
    }
    for ticket in [page.id] + page.splitInto {
      let now = ticket == page.id ? page : try self.page(ticket)
      let id = message.entry.entry.id
      let found = try messages(of: now, on: channel, settings, marked: marked ? id : nil).first {
        $0.message.entry.entry.id == id
      }
      if let found { return found.kind == "queued" ? found.message : nil }
    }
    return nil
  }

  static func replyField(_ entry: ChangeID) -> ExactString {
    ExactString(Vocabulary.replyPrefix + entry.description)
  }

  /// Records how far a message to the customer came. Of concurrent records the one that happened furthest counts: a
  /// message that one gateway sent is sent, whatever happened to it at another.
  ///
  /// - Parameters:
  ///   - detail: what the other side said, such as the message's number there or why it failed.
  ///   - last: an earlier record. What somebody wrote who knew of it stays; what somebody wrote beside it, such as that the
  ///     message is taken back, is said again over both, since this outcome changes nothing about it.
  @discardableResult
  public func record(
    _ item: TicketPage.Entry, as state: String, detail: String? = nil, behind last: Change? = nil
  ) throws(DeskError) -> Change? {
    guard Vocabulary.replyStates.contains(state) else { throw .invalid("a message is never '\(state)'") }
    let field = Self.replyField(item.entry.id)
    let entity = try known(item.on)
    var draft = Draft()
    if let last {
      let heads = entity.registers[field]?.heads ?? []
      guard heads.contains(where: { $0.id == last.id }) else { return nil }
      let place = heads.first { $0.id == last.id }?.position ?? .max
      let others = heads.filter { $0.id != last.id }
      let sending = others.filter { $0.value["state"]?.string == "sending" }
      // Another gateway has it in its hands, and says what came of it. One whose mark came later does not send it.
      if sending.contains(where: { ($0.position ?? .max) < place }) { return nil }
      let beside = others.filter { !sending.contains($0) }.map { ($0.value, $0.value["state"]?.string ?? "") }
      let rank = { (state: String) in Vocabulary.replyStates.firstIndex(of: state) ?? 0 }
      if let (value, said) = beside.max(by: { rank($0.1) < rank($1.1) }),
        !["", "draft", "queued"].contains(said)
      {
        draft.set[field] = value
        return try commit(Edit(.entity(item.on), draft))
      }
    }
    var members = [("state", JSONText(state)), ("gateway", JSONText(store.configuration.agent))]
    if let detail, !detail.isEmpty { members.append(("detail", JSONText(String(detail.prefix(500))))) }
    // Whoever let it go had seen what the customer wrote, and whose ticket it is.
    members += Self.despite(entity.despite(item.entry.id))
    draft.set[field] = JSONText(object: members)
    return try commit(Edit(.entity(item.on), draft))
  }

  /// Lets a message go that was held back or failed, or that a gateway was sending when it was lost: whoever does so has seen
  /// what the customer wrote and whose ticket it is, as the page has it, and says that it did not go out. Words and another customer that
  /// arrive later hold it back again, whenever they were written: nobody who let it go knew them.
  @discardableResult
  public func release(_ item: TicketPage.Entry) throws(DeskError) -> Change? {
    guard item.redacted == nil else { throw .invalid("its words are hidden, so there is nothing to send") }
    let seen = try known(item.on).despite(item.entry.id).union(item.unseen + item.reassigned)
    return try set(
      item, to: [("state", JSONText("queued"))] + Self.despite(seen),
      from: ["held", "failed", "cancelled", "sending"], else: "there is nothing to release")
  }

  /// The member of a reply's outcome that names entries of the customer, and what made it another's ticket. One is named as clients know it that know of one only.
  private static func despite(_ entries: Set<ChangeID>) -> [(String, JSONText)] {
    let names = entries.sorted().map { JSONText($0.description) }
    guard let first = names.first else { return [] }
    return [("despite", names.count == 1 ? first : JSONText(array: names))]
  }

  /// Takes a message back that was not sent yet. Where a gateway sends it at the same time, it is sent.
  @discardableResult
  public func cancel(_ item: TicketPage.Entry) throws(DeskError) -> Change? {
    try set(
      item, to: [("state", JSONText("cancelled"))], from: ["queued", "held", "failed", "sending"],
      else: "it cannot be taken back")
  }

  /// Writes how far a message came, where it is in one of some states.
  private func set(
    _ item: TicketPage.Entry, to members: [(String, JSONText)], from states: Set<String>, else reason: String
  ) throws(DeskError) -> Change? {
    guard let state = item.state, states.contains(state) else {
      throw .invalid("it is \(item.state ?? "no message to the customer"), so \(reason)")
    }
    var draft = Draft()
    draft.set[Self.replyField(item.entry.id)] = JSONText(object: members)
    return try commit(Edit(.entity(item.on), draft))
  }
}
