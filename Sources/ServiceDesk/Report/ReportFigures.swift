import Causality
import Codec
import Merge

/// What a report counts, of everything or of one week, team or channel. Sums only, so that shares can be reckoned anew.
public struct ReportFigures: Sendable, Hashable {
  /// How often customers were answered in time.
  public struct Responses: Sendable, Hashable {
    /// Answered in time.
    public internal(set) var met = 0
    /// Answered late, or late by now.
    public internal(set) var missed = 0
    /// Not answered yet, and still in time.
    public internal(set) var running = 0

    /// Nothing counted yet.
    public init() {}

    /// The share that was met of all that are decided, as a fraction; nil where none is.
    public var rate: (part: Int, of: Int)? { met + missed == 0 ? nil : (met, met + missed) }
  }

  /// Answers on a scale.
  public struct Score: Sendable, Hashable {
    /// How many answered.
    public internal(set) var answers = 0
    /// What their answers add up to.
    public internal(set) var sum = 0
    /// The mean answer as a fraction; nil where nobody answered.
    public var mean: (part: Int, of: Int)? { answers == 0 ? nil : (sum, answers) }
  }

  /// What became of what was promised.
  public struct Promises: Sendable, Hashable {
    /// Kept, in time or not.
    public internal(set) var kept = 0
    /// Broken, as somebody wrote down.
    public internal(set) var broken = 0
    /// Not wanted by the customer any more.
    public internal(set) var waived = 0
    /// Still to be kept, the overdue ones among them.
    public internal(set) var open = 0
    /// Those of the open ones that should have been kept by now.
    public internal(set) var overdue = 0
    /// The share that was kept of those that were kept, broken or are overdue.
    public var rate: (part: Int, of: Int)? {
      let decided = kept + broken + overdue
      return decided == 0 ? nil : (kept, decided)
    }
  }

  /// Tickets that were opened.
  public internal(set) var opened = 0
  /// Tickets that were solved.
  public internal(set) var solved = 0
  /// The times until the first answer, by when they began to run.
  public internal(set) var first = Responses()
  /// The times until each later answer, by when they began to run.
  public internal(set) var next = Responses()
  /// The times until the solution, by when they began to run.
  public internal(set) var resolution = Responses()
  /// How often customers had to come for the solved tickets.
  public internal(set) var contacts = 0
  /// How often the solved tickets were handed over.
  public internal(set) var transfers = 0
  /// What was asked of customers and what they were spared, by when it was.
  public internal(set) var questions = QuestionCounts()
  /// What became of the promises that were due.
  public internal(set) var promises = Promises()
  /// How satisfied customers were, from 1 to 5.
  public internal(set) var csat = Score()
  /// How easy it was for them, from 1 to 7 (the customer effort score).
  public internal(set) var ces = Score()

  /// Nothing counted yet.
  public init() {}

  /// How often a customer had to come for a solved ticket, as a fraction; nil where none was solved.
  public var contactsPerSolved: (part: Int, of: Int)? { solved == 0 ? nil : (contacts, solved) }
  /// How often a solved ticket was handed over, as a fraction; nil where none was solved.
  public var transfersPerSolved: (part: Int, of: Int)? { solved == 0 ? nil : (transfers, solved) }
  /// Of the questions whose answer was known, the share that was asked all the same.
  public var repeatRate: (part: Int, of: Int)? {
    let known = questions.spared + questions.again
    return known == 0 ? nil : (questions.again, known)
  }
}

/// How a desk did in some time.
public struct Report: Sendable, Hashable {
  /// A week, team or channel.
  public struct Group: Sendable, Hashable {
    /// The week's Monday, `2026-11-16`, the team or the channel; "" for tickets without one.
    public let name: String
    /// What it counts.
    public let figures: ReportFigures

    /// What a group counts.
    public init(name: String, figures: ReportFigures) {
      self.name = name
      self.figures = figures
    }
  }

  /// Milliseconds since 1970; the end does not belong to it.
  public let period: Range<UInt64>
  /// The zone in which days and weeks begin.
  public let zoneName: String
  /// The whole period.
  public let total: ReportFigures
  /// Every week of the period, oldest first; behind its first two hundred years those in which something happened.
  public let weeks: [Group]
  /// Ordered by name.
  public let teams: [Group]
  /// Ordered by name.
  public let channels: [Group]
}

/// The sums of a report while they are made.
struct ReportTally {
  let period: Range<UInt64>
  let hours: BusinessHours
  private(set) var total = ReportFigures()
  private var weeks: [Int: ReportFigures] = [:]
  private var teams: [String: ReportFigures] = [:]
  private var channels: [String: ReportFigures] = [:]
  /// Behind so many weeks from the start, two hundred years, only those are listed in which something happened.
  private static let listedWeeks = 10_436

  init(_ period: Range<UInt64>, _ hours: BusinessHours) {
    self.period = period
    self.hours = hours
    // No change counts as made later than that; and what holds nothing is not listed for longer than anybody looks.
    let end = min(period.upperBound, HybridTime.maximumMilliseconds)
    guard period.lowerBound < end else { return }
    var monday = hours.monday(of: period.lowerBound)
    for _ in 0..<Self.listedWeeks {
      guard hours.start(ofDay: monday) < end else { break }
      weeks[monday] = ReportFigures()
      monday += 7
    }
  }

  /// Counts something that happened at a time; nothing where that is not in the period.
  mutating func add(
    _ at: UInt64, _ team: String, _ channel: String, _ count: (inout ReportFigures) -> Void
  ) {
    guard period.contains(at) else { return }
    count(&total)
    count(&weeks[hours.monday(of: at), default: ReportFigures()])
    count(&teams[team, default: ReportFigures()])
    count(&channels[channel, default: ReportFigures()])
  }

  var report: Report {
    func groups(_ figures: [String: ReportFigures]) -> [Report.Group] {
      // What was counted and taken back leaves nothing.
      figures.filter { $0.value != ReportFigures() }.sorted { $0.key < $1.key }
        .map { Report.Group(name: $0.key, figures: $0.value) }
    }
    return Report(
      period: period, zoneName: hours.zoneName, total: total,
      weeks: weeks.sorted { $0.key < $1.key }.map {
        Report.Group(name: BusinessHours.text(ofDay: $0.key), figures: $0.value)
      }, teams: groups(teams), channels: groups(channels))
  }
}

extension BusinessHours {
  /// When a day since 1970 begins in the zone, in milliseconds since 1970.
  ///
  /// Days before 1970 and beyond the year 9999 are taken for the first and the last.
  public func start(ofDay day: Int) -> UInt64 {
    UInt64(max(0, zone.time(day: min(max(day, -7), Self.lastDay), secondOfDay: 0))) * 1000
  }

  /// A week behind the last day that has a date with a year of four digits.
  private static let lastDay = Int(HybridTime.maximumMilliseconds / 86_400_000) + 7

  /// The Monday of the week that a time is in, as a day since 1970.
  public func monday(of milliseconds: UInt64) -> Int {
    let seconds = Int(milliseconds / 1000)
    let day = max(0, seconds + zone.offset(at: seconds)) / 86_400
    return day - (CivilDate.weekday(day) + 6) % 7
  }

  /// A day since 1970 as `2026-11-16`.
  ///
  /// Days beyond the year 9999, as far off on either side, are taken for the last.
  public static func text(ofDay number: Int) -> String {
    let (year, month, day) = CivilDate.date(ofDay: min(max(number, -lastDay), lastDay))
    return "\(year)-" + (month < 10 ? "0" : "") + "\(month)-" + (day < 10 ? "0" : "") + "\(day)"
  }
}
