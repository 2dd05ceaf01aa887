import Agent
import Causality
import Codec
import Merge
import Storage

/// Which of several gateways that took one message at the same time sends it: the one whose mark the server has first. Each of them knows
/// by then of every mark in front of its own, so they come to the same answer without asking each other.
extension Desk {
  /// A message that this store marked as `sending`, as it is to go out, once the server has the mark. Cost: as of `current(_:)`.
  ///
  /// - Returns: nil where another gateway's mark is in front of this one, and where the message was sent, held back, taken back, hidden or
  ///   erased beside it, or crossed with what the customer wrote, or is not allowed any more: `withdraw(_:of:)` then takes the
  ///   mark away.
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
    return try current(message, marked: true)
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
