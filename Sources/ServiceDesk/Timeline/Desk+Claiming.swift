import Agent
import Causality
import Codec
import Merge
import Storage

/// Which of several gateways that took one message at the same time, or messages of one outreach of which at most one goes out, sends
/// it: the one whose mark the server has first. Each of them knows by then of every mark in front of its own, so they come to the same
/// answer without asking each other.
extension Desk {
  /// A message that this store marked as `sending`, as it is to go out, once the server has the mark. Cost: as of `current(_:)`;
  /// of an outreach a page more.
  ///
  /// - Returns: nil where another gateway's mark is in front of this one, and where the message was sent, held back, taken back, hidden or
  ///   erased beside it, or crossed with what the customer wrote, or is not allowed any more; nil also where another message of its
  ///   outreach goes out instead: `withdraw(_:of:)` then takes the mark away.
  public func claimed(_ message: OutgoingMessage, by mark: Change) throws(DeskError) -> OutgoingMessage? {
    let item = message.entry
    guard !store.isErased(item.on) else { return nil }
    let heads = try known(item.on).registers[Self.replyField(item.entry.id)]?.heads ?? []
    guard let place = heads.first(where: { $0.id == mark.id })?.position else { return nil }
    for head in heads where head.id != mark.id {
      switch head.value["state"]?.string {
      case "draft", "queued": continue
      case "sending": if (head.position ?? .max) < place { return nil }
      default: return nil
      }
    }
    guard let now = try current(message, marked: true) else { return nil }
    return try isBehindTwin(now, place) ? nil : now
  }

  /// Whether another message of a message's outreach, or another copy of one that was made again, goes out, went out or was taken back,
  /// so that this one must not go out.
  ///
  /// Beside one that is marked the page has all others for cancelled, or shows one copy, so they are asked as they stand by themselves.
  /// Cost: for these a page, and a look at each of them.
  /// - Parameter place: where the server has the message's own mark.
  private func isBehindTwin(_ message: OutgoingMessage, _ place: UInt64) throws(DeskError) -> Bool {
    let own = message.entry.entry
    var twins: [(on: EntityID, entry: TimelineEntry)] = []
    if let outreach = own.outreach {
      twins += try page(message.ticket.id).entries.filter {
        $0.entry.outreach == outreach && $0.entry.isMessageOut
      }.map { ($0.on, $0.entry) }
    }
    if own.moves != nil {
      let home = try known(message.entry.on)
      let copies = home.withCopies(of: [own.id])
      twins += PlainLook(home).timeline.filter { copies.contains($0.id) }.map { (home.id, $0) }
    }
    for twin in twins where twin.entry.id != own.id {
      let state = try known(twin.on)
      let alone = TicketPage.Entry.all([twin.entry], on: state)
      if alone.contains(where: { ["sent", "delivered", "cancelled"].contains($0.state) }) { return true }
      let isMarkedBefore = state.outcomes(of: twin.entry.id).contains { head in
        head.value["state"]?.string == "sending" && (head.position ?? .max) < place
      }
      if isMarkedBefore { return true }
    }
    return false
  }

  /// Takes the mark of this store away from a message that it does not send after all, and nothing of what others wrote of it.
  @discardableResult
  public func withdraw(_ mark: Change, of item: TicketPage.Entry) throws(DeskError) -> Change? {
    guard !store.isErased(item.on) else { return nil }
    let field = Self.replyField(item.entry.id)
    let state = try known(item.on)
    guard let own = state.registers[field]?.heads.first(where: { $0.id == mark.id }) else { return nil }
    var members = [("state", JSONText("queued")), ("gateway", JSONText(store.configuration.agent))]
    if let despite = own.value["despite"] { members.append(("despite", despite)) }
    var draft = Draft()
    draft.set[field] = JSONText(object: members)
    var edit = Edit(.entity(item.on), draft)
    edit.body = draft.body(over: state.keeping([own], of: field))
    return try commit(edit)
  }
}
