import Agent
import Causality
import Codec
import Merge
import Storage

/// A ticket in the queue, with what breaks first.
public struct QueuedTicket: Sendable, Hashable {
  /// The ticket.
  public let row: TicketRow
  /// How it stands to its response targets.
  public let targets: TicketTargets
}

extension Desk {
  /// The open tickets, what breaks first in front; those in which time stands still last.
  ///
  /// A ticket's time is reckoned from its timeline and the changes of its status. The table tells a time before which a
  /// ticket cannot break; only those that come first by it are looked into.
  /// Cost: a few columns of the table of tickets, and a fold for each ticket that is listed or nearly.
  public func queue(
    _ filter: TicketFilter = TicketFilter(), limit: Int = 50
  ) throws(DeskError) -> (tickets: [QueuedTicket], total: Int) {
    let limit = max(limit, 0)
    let settings = try settings()
    let now = store.environment.now()
    var waiting = try stored { () throws(StorageError) in try queueBounds(filter, settings) }
    let total = waiting.count
    var ahead: [(bound: UInt64, id: EntityID)] = []
    var ready: [(due: UInt64, id: EntityID, targets: TicketTargets)] = []
    /// The times of the first `limit` that were looked into, in order.
    var dues: [UInt64] = []
    while true {
      if ahead.isEmpty {
        // So many at least are looked into; what they need is read side by side.
        let count = min(max(limit - ready.count, 16), 256)
        try stored { () throws(StorageError) in
          while ahead.count < count, let next = try waiting.pop() { ahead.append(next) }
          try store.readAhead(ahead.map(\.id))
        }
        ahead.reverse()
      }
      guard let (bound, id) = ahead.popLast() else { break }
      // What comes first so far cannot be overtaken any more.
      if dues.count >= limit, dues.last.map({ $0 <= bound }) ?? true { break }
      let targets = try targets(id, settings, now)
      let due = targets.isPaused ? .max : targets.next?.due ?? .max
      ready.append((due, id, targets))
      guard limit < total else { continue }
      dues.insert(due, at: dues.firstIndex { $0 > due } ?? dues.count)
      if dues.count > limit { dues.removeLast() }
    }
    ready.sort { ($0.due, $0.id) < ($1.due, $1.id) }
    let chosen = ready.prefix(limit)
    let rows = try stored { () throws(StorageError) in try ticketRows(chosen.map(\.id)) }
    return (
      chosen.compactMap { ticket in rows[ticket.id].map { QueuedTicket(row: $0, targets: ticket.targets) } },
      total
    )
  }

  private func queueBounds(_ filter: TicketFilter, _ settings: Settings) throws(StorageError) -> QueueBounds {
    var reckoner = BoundReckoner(settings)
    if filter.customer != nil || filter.text != nil {
      let rows = try ticketRows(filter, limit: .max).rows
      return QueueBounds(rows, &reckoner, tables)
    }
    return try reading { () throws(StorageError) in
      try QueueBounds(filter.tests(nil), &reckoner, tables)
    }
  }

  /// How a ticket stands against its targets; with the tickets that were merged into it.
  ///
  /// Cost: the ticket's page.
  public func targets(_ ticket: EntityID) throws(DeskError) -> TicketTargets {
    try targets(ticket, try settings(), store.environment.now())
  }

  private func targets(
    _ ticket: EntityID, _ settings: Settings, _ now: UInt64
  ) throws(DeskError) -> TicketTargets {
    let page = try page(ticket)
    let changes = try stored { () throws(StorageError) in try store.changes(of: page.id) }
    let state = page.view.state
    let isFinished = Vocabulary.finished.contains(page.view.status)
    return TicketTargets(
      created: state.firstAt.milliseconds,
      solved: isFinished ? state.shown("status")?.effective.milliseconds : nil, page.entries,
      TicketTargets.Pauses(changes, now: now),
      settings.target(channel: page.view.channel, priority: page.view.priority), settings.hours, now: now)
  }
}

extension Desk {
  /// Sets when the desk is there.
  ///
  /// - Throws: `DeskError.invalid` for hours that no device could read: other than seven days, hours beyond a day or out of order,
  ///   closed days that have no date with a year of four digits.
  @discardableResult
  public func setHours(_ hours: BusinessHours) throws(DeskError) -> Change? {
    if let reason = hours.obstacle { throw .invalid(reason) }
    var draft = Draft()
    draft.set[Vocabulary.hours] = hours.value
    return try configure(draft)
  }

  /// Sets within how long customers are answered.
  ///
  /// One that the desk's hours do not fill within ten years is kept, and never due.
  /// - Throws: `DeskError.invalid` for a time that would count on no device: less than a minute, or more than
  ///   `ResponseTarget.maximum`.
  @discardableResult
  public func setTarget(
    channel: String, priority: String? = nil, _ target: ResponseTarget
  ) throws(DeskError) -> Change? {
    for minutes in [target.first, target.next, target.resolution].compactMap(\.self)
    where !(1...ResponseTarget.maximum ~= minutes) {
      throw .invalid("a target is 1 to \(ResponseTarget.maximum) minutes, not \(minutes)")
    }
    var draft = Draft()
    let name = Vocabulary.targetPrefix + channel + (priority.map { ".\($0)" } ?? "")
    draft.set[ExactString(name)] = target.value
    return try configure(draft)
  }
}
