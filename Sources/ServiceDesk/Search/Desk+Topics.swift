import Agent
import Causality
import Codec
import Merge
import Storage

/// How often customers asked about a topic.
public struct TopicCount: Sendable, Hashable {
  /// As most tickets write it; "" for tickets without one.
  public let topic: String
  /// Tickets by week, the oldest week first.
  public let weeks: [Int]
  /// Published articles about it.
  public let articles: [EntityID]
  /// How many in all weeks.
  public var total: Int { weeks.reduce(0, +) }
}

extension Desk {
  /// What customers ask most: the tickets of each topic by week, the topic with the most first.
  ///
  /// Topics are one whatever their case and accents. A ticket that was merged into another one is a part of that; so is, as in
  /// lists but not in a report, one that was merged into an erased ticket, until it is unmerged (`Desk.stranded`).
  /// Cost: four columns of the ticket table, and the articles.
  /// - Parameters:
  ///   - weeks: how many, up to and with the one of `now`; a week begins on Monday, 0:00 in the time zone of the business hours.
  ///   - now: milliseconds since 1970; nil for now.
  /// - Returns: the topics, and the Monday of each week as its midnight in UTC, in milliseconds since 1970.
  public func topics(
    weeks: Int = 4, now: UInt64? = nil
  ) throws(StorageError) -> (topics: [TopicCount], weeks: [UInt64]) {
    let hours = Settings(try store.state(of: Vocabulary.settingsID)).hours
    let current = hours.monday(of: now ?? store.environment.now())
    // No ticket is of a week in front of 1970.
    let count = min(max(weeks, 1), max(current, 0) / 7 + 1)
    let mondays = (0..<count).map { current - 7 * $0 }.reversed()
    let starts = mondays.map { hours.start(ofDay: $0) }
    let end = hours.start(ofDay: current + 7)
    var counts: [String: [Int]] = [:]
    var spellings: [String: [String: Int]] = [:]
    func add(_ topic: String, _ created: UInt64) {
      guard created < end, let number = starts.lastIndex(where: { $0 <= created }) else { return }
      let key = TextFolding.words(topic).joined(separator: " ")
      counts[key, default: Array(repeating: 0, count: count)][number] += 1
      spellings[key, default: [:]][topic, default: 0] += 1
    }
    try reading { () throws(StorageError) in
      (counts, spellings) = ([:], [:])
      var tests = RowTests(TicketRow.columns)
      guard let topic = tests.column("topic"), let created = tests.column("created") else { return }
      for name in ["erased", "part"] { tests.require(number: name) { $0 == 0 } }
      for row in try tables.newerRows(ofType: Vocabulary.ticket) where tests.pass(row.values) {
        add(row.values[topic].text, row.values[created].number)
      }
      for (index, flags) in try tables.current(ofType: Vocabulary.ticket).enumerated() {
        guard var flags, let rows = tables.tables[index].rows(ofType: Vocabulary.ticket) else { continue }
        try tests.apply(rows, to: &flags)
        let words = try rows.strings(topic)
        var times: [UInt64] = []
        try rows.forEachGroup(numbers: created) { _, numbers in times += numbers }
        try rows.forEachGroup(codes: topic) { start, codes in
          for (place, code) in codes.enumerated() where flags[start + place] {
            let row = start + place
            if code < UInt64(words.count), row < times.count { add(words[Int(code)], times[row]) }
          }
        }
      }
    }
    var about: [String: [EntityID]] = [:]
    for article in try articles() where article.isPublished {
      let key = TextFolding.words(article.text("topic") ?? "").joined(separator: " ")
      if !key.isEmpty { about[key, default: []].append(article.id) }
    }
    let topics = counts.map { key, weeks in
      let spelling = spellings[key]?.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? key
      return TopicCount(topic: spelling, weeks: weeks, articles: about[key] ?? [])
    }
    return (
      topics.sorted { ($1.total, $0.topic) < ($0.total, $1.topic) },
      mondays.map { UInt64(max(0, $0)) * 86_400_000 }
    )
  }
}
