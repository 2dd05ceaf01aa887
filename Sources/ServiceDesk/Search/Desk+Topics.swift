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
  /// Topics are one whatever their case and accents. Cost: two columns of the ticket table, and the articles.
  /// - Parameters:
  ///   - weeks: how many, up to and with the one of `now`; a week begins on Monday, 0:00 UTC.
  ///   - now: milliseconds since 1970; nil for now.
  /// - Returns: the topics, and the first day of each week in milliseconds.
  public func topics(
    weeks: Int = 4, now: UInt64? = nil
  ) throws(StorageError) -> (topics: [TopicCount], weeks: [UInt64]) {
    let week: UInt64 = 7 * 86_400_000
    // 1970-01-01 was a Thursday.
    let offset: UInt64 = 3 * 86_400_000
    let current = ((now ?? store.environment.now()) + offset) / week
    let first = current - min(current, UInt64(max(weeks, 1) - 1))
    let count = Int(current - first + 1)
    var counts: [String: [Int]] = [:]
    var spellings: [String: [String: Int]] = [:]
    func add(_ topic: String, _ created: UInt64) {
      let number = (created + offset) / week
      guard first...current ~= number else { return }
      let key = TextFolding.words(topic).joined(separator: " ")
      counts[key, default: Array(repeating: 0, count: count)][Int(number - first)] += 1
      spellings[key, default: [:]][topic, default: 0] += 1
    }
    try reading { () throws(StorageError) in
      (counts, spellings) = ([:], [:])
      let columns = RowTests(TicketRow.columns)
      guard let topic = columns.column("topic"), let created = columns.column("created"),
        let erased = columns.column("erased")
      else { return }
      for row in try tables.newerRows(ofType: Vocabulary.ticket) where row.values[erased].number == 0 {
        add(row.values[topic].text, row.values[created].number)
      }
      var tests = columns
      tests.require(number: "erased") { $0 == 0 }
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
    for article in try articles() where article.text("state") ?? "published" == "published" {
      let key = TextFolding.words(article.text("topic") ?? "").joined(separator: " ")
      if !key.isEmpty { about[key, default: []].append(article.id) }
    }
    let topics = counts.map { key, weeks in
      let spelling = spellings[key]?.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key ?? key
      return TopicCount(topic: spelling, weeks: weeks, articles: about[key] ?? [])
    }
    return (
      topics.sorted { ($1.total, $0.topic) < ($0.total, $1.topic) },
      (0..<count).map { (first + UInt64($0)) * week - offset }
    )
  }
}
