import Causality
import Codec
import Merge

/// How a ticket stands against its targets: derived from its timeline and its changes of status, never stored.
public struct TicketTargets: Sendable, Hashable {
  /// Which of the three targets.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    case first, next, resolution
  }

  /// One of the targets.
  public struct Standing: Sendable, Hashable {
    /// Which target.
    public let kind: Kind
    /// When the time began to run, milliseconds since 1970.
    public let start: UInt64
    /// When it is up, pauses reckoned in; nil where the desk is never there, or not for so long within ten years. Such a target is
    /// never missed.
    public let due: UInt64?
    /// When it was met or missed for good; nil while it runs.
    public let done: UInt64?

    /// Whether it is missed: at a time for one that runs.
    public func isMissed(at now: UInt64) -> Bool { due.map { $0 < done ?? now } ?? false }
  }

  /// Each target that the ticket has, in the order of `Kind`.
  public let standings: [Standing]
  /// Whether time stands still now, because the customer or a third party has to act.
  public let isPaused: Bool

  /// What runs out first; nil where nothing runs.
  public var next: Standing? {
    standings.filter { $0.done == nil }.min { ($0.due ?? .max) < ($1.due ?? .max) }
  }

  /// The statuses in which time stands still.
  static let pausing: Set<String> = ["pending", "on-hold"]

  /// - Parameters:
  ///   - entries: the ticket's whole timeline.
  ///   - pauses: when time stood still; the last one may go on until `now`.
  init(
    created: UInt64, solved: UInt64?, _ entries: [TicketPage.Entry], _ pauses: Pauses,
    _ target: ResponseTarget, _ hours: BusinessHours, now: UInt64
  ) {
    let clock = TicketClock(entries)
    var standings: [Standing] = []
    func add(_ kind: Kind, _ minutes: Int?, from start: UInt64, done: UInt64?) {
      guard let minutes else { return }
      let due = pauses.due(UInt64(minutes) * 60_000, after: start, hours, now: now)
      standings.append(Standing(kind: kind, start: start, due: due, done: done))
    }
    // Who came when it was finished already was not answered by that.
    func finished(since start: HybridTime) -> UInt64? {
      solved.flatMap { $0 < start.milliseconds ? nil : $0 }
    }
    if let asked = clock.asked {
      add(
        .first, target.first, from: asked.milliseconds,
        done: clock.answered?.milliseconds ?? finished(since: asked))
      if clock.answered != nil, let waiting = clock.waiting {
        add(.next, target.next, from: waiting.milliseconds, done: finished(since: waiting))
      }
    }
    add(.resolution, target.resolution, from: created, done: solved)
    self.standings = standings
    isPaused = pauses.isOpen
  }

  /// When time stood still.
  struct Pauses: Sendable, Hashable {
    private(set) var spans: [Range<UInt64>] = []
    private(set) var isOpen = false

    /// Follows the statuses that a ticket showed.
    init(_ changes: [PlacedChange], now: UInt64) {
      var start: UInt64?
      for step in StatusStep.all(of: changes) {
        let isPause = TicketTargets.pausing.contains(step.status)
        if isPause, start == nil {
          start = step.at
        } else if !isPause, let begin = start {
          if begin < step.at { spans.append(begin..<step.at) }
          start = nil
        }
      }
      if let start {
        isOpen = true
        if start < now { spans.append(start..<now) }
      }
    }

    /// When so much business time outside of pauses has gone by.
    func due(_ length: UInt64, after start: UInt64, _ hours: BusinessHours, now: UInt64) -> UInt64? {
      var due = hours.time(length, after: start)
      var added: UInt64 = 0
      for span in spans where span.upperBound > start {
        guard let end = due, span.lowerBound < end else { break }
        added += hours.between(max(span.lowerBound, start), span.upperBound)
        due = hours.time(length + added, after: start)
      }
      return due
    }
  }
}
