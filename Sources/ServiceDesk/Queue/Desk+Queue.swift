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
    let settings = try settings()
    let (hours, now) = (settings.hours, store.environment.now())
    let found = try stored { () throws(StorageError) in
      try ticketRows(filter, limit: .max, only: TicketRow.timeColumns)
    }
    var bounds = Bounds(settings, hours)
    // A pause only ever moves a time back, so this is never too late.
    var waiting = found.rows.map { (bound: bounds.earliest($0), row: $0) }
    waiting.sort { ($0.bound, $0.row.id) < ($1.bound, $1.row.id) }
    var ready: [(due: UInt64, id: EntityID, targets: TicketTargets)] = []
    /// The times of the first `limit` that were looked into, in order.
    var dues: [UInt64] = []
    for (bound, row) in waiting {
      // What comes first so far cannot be overtaken any more.
      if dues.count >= limit, dues.last.map({ $0 <= bound }) ?? true { break }
      let targets = try targets(row.id, settings, now)
      let due = targets.isPaused ? .max : targets.next?.due ?? .max
      ready.append((due, row.id, targets))
      guard limit < waiting.count else { continue }
      dues.insert(due, at: dues.firstIndex { $0 > due } ?? dues.count)
      if dues.count > limit { dues.removeLast() }
    }
    ready.sort { ($0.due, $0.id) < ($1.due, $1.id) }
    let chosen = ready.prefix(max(limit, 0))
    let rows = try stored { () throws(StorageError) in try ticketRows(chosen.map(\.id)) }
    return (
      chosen.compactMap { ticket in rows[ticket.id].map { QueuedTicket(row: $0, targets: ticket.targets) } },
      found.total
    )
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

/// Before when a ticket cannot break, from its row alone.
private struct Bounds {
  private let settings: Settings
  private let hours: BusinessHours
  private var targets: [String: ResponseTarget] = [:]
  /// Times that were reckoned: many tickets share a minute.
  private var times: [UInt64: [Int: UInt64]] = [:]

  init(_ settings: Settings, _ hours: BusinessHours) {
    self.settings = settings
    self.hours = hours
  }

  mutating func earliest(_ row: TicketRow) -> UInt64 {
    let name = "\(row.channel) \(row.priority)"
    let target = targets[name] ?? settings.target(channel: row.channel, priority: row.priority)
    targets[name] = target
    // A ticket that was merged into it may be the one that waits.
    if row.hasParts { return 0 }
    var bound = UInt64.max
    if let minutes = target.resolution { bound = min(bound, time(minutes, row.created)) }
    if let asked = row.asked, row.answered == nil, let minutes = target.first {
      bound = min(bound, time(minutes, asked))
    }
    if let waiting = row.waiting, let minutes = row.answered == nil ? target.first : target.next {
      bound = min(bound, time(minutes, waiting))
    }
    return bound
  }

  private mutating func time(_ minutes: Int, _ start: UInt64) -> UInt64 {
    // Rounded down to the minute, so never too late.
    let start = start / 60_000 * 60_000
    if let known = times[start]?[minutes] { return known }
    let time = hours.time(UInt64(minutes) * 60_000, after: start) ?? .max
    times[start, default: [:]][minutes] = time
    return time
  }
}

extension Desk {
  /// Sets when the desk is there.
  @discardableResult
  public func setHours(_ hours: BusinessHours) throws(DeskError) -> Change? {
    var draft = Draft()
    draft.set[Vocabulary.hours] = hours.value
    return try configure(draft)
  }

  /// Sets within how long customers are answered.
  @discardableResult
  public func setTarget(
    channel: String, priority: String? = nil, _ target: ResponseTarget
  ) throws(DeskError) -> Change? {
    var draft = Draft()
    let name = Vocabulary.targetPrefix + channel + (priority.map { ".\($0)" } ?? "")
    draft.set[ExactString(name)] = target.value
    return try configure(draft)
  }
}
