import Causality
import Merge
import Storage

/// The open tickets by a time before which each cannot break, reckoned from the table alone.
///
/// A pause only ever moves a time back, so a bound is never too late. Tickets are named only as they are asked for: ten of
/// a hundred thousand cost ten ids.
struct QueueBounds {
  private struct Place {
    let bound: UInt64
    /// -1 for what was named from the start.
    let table: Int32
    let row: Int32
  }

  private let tables: DeskTables
  private var places: [Place] = []
  private var named: [EntityID] = []
  private var next = 0
  /// The tickets of one bound, in the order of their ids, the first of them last.
  private var equal: [(bound: UInt64, id: EntityID)] = []

  /// How many tickets there are.
  var count: Int { places.count }

  /// Tickets whose rows were read.
  init(_ rows: [TicketRow], _ reckoner: inout BoundReckoner, _ tables: DeskTables) {
    self.tables = tables
    add(rows, &reckoner)
    sort()
  }

  /// All tickets that pass. Cost: the tested columns, those of the times, and what is newer than the tables.
  init(
    _ tests: RowTests, _ reckoner: inout BoundReckoner, _ tables: DeskTables
  ) throws(StorageError) {
    self.tables = tables
    let newer = try tables.newerRows(ofType: Vocabulary.ticket).filter { tests.pass($0.values) }
    add(newer.map { TicketRow($0.entity, $0.values) }, &reckoner)
    let found = try tables.columns(
      Vocabulary.ticket, tests, numbers: ["created", "asked", "answered", "waiting", "whole"],
      words: ["channel", "priority"])
    for columns in found {
      var targets: [UInt64: ResponseTarget] = [:]
      places.reserveCapacity(places.count + columns.rows.count)
      for row in columns.rows {
        let kind = columns.codes[0][row] << 32 | columns.codes[1][row]
        let target: ResponseTarget
        if let known = targets[kind] {
          target = known
        } else {
          target = reckoner.target(channel: columns.word(0, row), priority: columns.word(1, row))
          targets[kind] = target
        }
        let bound = reckoner.bound(
          target, created: columns.numbers[0][row], asked: columns.numbers[1][row],
          answered: columns.numbers[2][row], waiting: columns.numbers[3][row],
          hasParts: columns.numbers[4][row] != 0)
        places.append(Place(bound: bound, table: Int32(columns.table), row: Int32(row)))
      }
    }
    sort()
  }

  private mutating func add(_ rows: [TicketRow], _ reckoner: inout BoundReckoner) {
    for row in rows {
      let target = reckoner.target(channel: row.channel, priority: row.priority)
      let bound = reckoner.bound(
        target, created: row.created, asked: row.asked ?? 0, answered: row.answered ?? 0,
        waiting: row.waiting ?? 0,
        hasParts: row.hasParts)
      places.append(Place(bound: bound, table: -1, row: Int32(named.count)))
      named.append(row.id)
    }
  }

  private mutating func sort() { places.sort { $0.bound < $1.bound } }

  /// The next ticket in the order of bounds, then of ids; nil behind the last.
  mutating func pop() throws(StorageError) -> (bound: UInt64, id: EntityID)? {
    if let last = equal.popLast() { return last }
    guard next < places.count else { return nil }
    let bound = places[next].bound
    var end = next
    while end < places.count, places[end].bound == bound { end += 1 }
    for place in places[next..<end].sorted(by: { ($0.table, $0.row) < ($1.table, $1.row) }) {
      let id =
        place.table < 0
        ? named[Int(place.row)]
        : try tables.entity(Vocabulary.ticket, table: Int(place.table), row: Int(place.row))
      if let id { equal.append((bound, id)) }
    }
    next = end
    equal.sort { $0.id > $1.id }
    return equal.popLast()
  }
}

/// Reckons before when a ticket cannot break.
struct BoundReckoner {
  private let settings: Settings
  private let hours: BusinessHours
  private var targets: [String: ResponseTarget] = [:]
  /// Times that were reckoned: many tickets share a minute.
  private var times: [UInt64: [Int: UInt64]] = [:]

  init(_ settings: Settings) {
    self.settings = settings
    hours = settings.hours
  }

  mutating func target(channel: String, priority: String) -> ResponseTarget {
    let name = "\(channel) \(priority)"
    let target = targets[name] ?? settings.target(channel: channel, priority: priority)
    targets[name] = target
    return target
  }

  /// - Parameters: times in milliseconds since 1970, 0 for none.
  mutating func bound(
    _ target: ResponseTarget, created: UInt64, asked: UInt64, answered: UInt64, waiting: UInt64,
    hasParts: Bool
  ) -> UInt64 {
    // A ticket that was merged into it may be the one that waits, or the answer may have gone to one that was split from it.
    if hasParts { return 0 }
    var bound = UInt64.max
    if let minutes = target.resolution { bound = min(bound, time(minutes, created)) }
    if asked > 0, answered == 0, let minutes = target.first { bound = min(bound, time(minutes, asked)) }
    if waiting > 0, let minutes = answered == 0 ? target.first : target.next {
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
