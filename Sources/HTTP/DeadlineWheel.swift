/// When each of many connections is to be looked at again: a wheel of slots, each a list of indexes.
///
/// Setting a later deadline, the usual case, only stores a number; the entry moves when its old slot comes up. So a
/// deadline costs next to nothing per request. Indexes are small numbers, such as descriptors; one costs 24 bytes.
struct DeadlineWheel {
  private static let none: Int32 = -1
  private static let unlinked: Int64 = -1

  private struct Entry {
    var due: Int64 = 0
    /// The tick in whose slot the entry is.
    var tick: Int64 = unlinked
    var next: Int32 = none
    var previous: Int32 = none
  }

  private let tickLength: Int64
  private var heads: [Int32]
  private var entries: [Entry] = []
  private var current: Int64
  private var earliest = Int64.max

  /// A wheel at time `now`. All times are milliseconds of one clock.
  init(now: Int64, tickLength: Int64 = 50, slots: Int = 2048) {
    self.tickLength = tickLength
    heads = Array(repeating: Self.none, count: slots)
    current = now / tickLength
  }

  /// When `expire` is to be called next; nil if nothing is due ever. It may turn out that nothing is due then.
  var nextDue: Int64? {
    earliest == .max ? nil : earliest * tickLength
  }

  /// Makes `index` due at a time, instead of what it was.
  mutating func set(_ index: Int, due: Int64) {
    if index >= entries.count {
      entries.append(contentsOf: repeatElement(Entry(), count: index + 1 - entries.count))
    }
    entries[index].due = due
    let tick = entries[index].tick
    if tick != Self.unlinked {
      if tick * tickLength <= due { return }
      unlink(index)
    }
    link(index)
  }

  /// Makes `index` due never.
  mutating func remove(_ index: Int) {
    guard index < entries.count, entries[index].tick != Self.unlinked else { return }
    unlink(index)
  }

  /// The indexes that are due at `now`; each is due never after that.
  mutating func expire(now: Int64) -> [Int] {
    let target = now / tickLength
    guard target > current, earliest <= target else {
      current = max(current, target)
      return []
    }
    var passed: [Int] = []
    let steps = min(target - current, Int64(heads.count))
    for tick in current + 1...current + steps {
      let slot = Int(tick % Int64(heads.count))
      while heads[slot] != Self.none {
        passed.append(Int(heads[slot]))
        unlink(Int(heads[slot]))
      }
    }
    current = target
    var due: [Int] = []
    for index in passed {
      if entries[index].due <= now { due.append(index) } else { link(index) }
    }
    earliest = .max
    for tick in current + 1...current + Int64(heads.count)
    where heads[Int(tick % Int64(heads.count))] != Self.none {
      earliest = tick
      break
    }
    return due
  }

  private mutating func link(_ index: Int) {
    // Rounded up, so that it is due when its slot comes; what lies farther than the wheel is looked at midway.
    let tick = min(
      max((entries[index].due + tickLength - 1) / tickLength, current + 1),
      current + Int64(heads.count))
    let slot = Int(tick % Int64(heads.count))
    entries[index].tick = tick
    entries[index].previous = Self.none
    entries[index].next = heads[slot]
    if heads[slot] != Self.none { entries[Int(heads[slot])].previous = Int32(index) }
    heads[slot] = Int32(index)
    earliest = min(earliest, tick)
  }

  private mutating func unlink(_ index: Int) {
    let entry = entries[index]
    if entry.next != Self.none { entries[Int(entry.next)].previous = entry.previous }
    if entry.previous != Self.none {
      entries[Int(entry.previous)].next = entry.next
    } else {
      heads[Int(entry.tick % Int64(heads.count))] = entry.next
    }
    entries[index].tick = Self.unlinked
  }
}
