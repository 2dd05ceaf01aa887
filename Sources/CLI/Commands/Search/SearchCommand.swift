import Agent
import Causality
import Codec
import Merge
import ServiceDesk

/// Searches everything.
enum SearchCommand {
  private static let type = Option.list(
    "type", "WORD", "only things of this type",
    choices: ["customer", "ticket", "article", "organisation", "promise"])
  private static let audience = Option.value(
    "audience", "WORD", "only published articles for these readers", choices: Vocabulary.audiences)
  private static let language = Option.value(
    "language", "CODE", "only articles in this language, such as 'sv'")

  /// As many candidates as a search looks at.
  private static let most = 200

  static let command = Command(
    "search", "Search articles, tickets and customers, the best hit first",
    details: [
      "Case and accents do not matter, and a word with a typing mistake finds what was meant. The last word may be the start "
        + "of one. What has more of the words, and rarer ones, comes first. Facts are not searched: 'brief' and 'ask' show those "
        + "that may be shown. Exit code 3 when nothing is found."
    ],
    operands: [Operand("WORD", .some, "what to look for")],
    options: [type, audience, language, Limit.option(most: most)],
    examples: [
      .init("Who wrote about that?", "askonce search leaking tap"),
      .init("What may a customer read?", "askonce search --audience public --language sv återbetalning"),
      .init("The ids of the best tickets", "askonce search router --type ticket --json | jq -r '.[].id'"),
    ]
  ) { typed in
    let limit = try Limit(typed, most: most)
    var filter = SearchFilter()
    if typed.has(type) { filter.types = Set(typed.list(type)) }
    (filter.audience, filter.language) = (typed[audience], typed[language])
    if filter.audience != nil || filter.language != nil, filter.types?.contains("article") == false {
      throw Failure(
        .usage,
        "only articles are for readers or in a language: leave out --audience and --language, or --type")
    }
    let (text, wanted) = (typed.operands.joined(separator: " "), filter)
    return { context in
      var isFound = false
      _ = try context.withDesk(.reading) { desk in
        let (hits, isCut) = try limit.cut(isJSON: context.isJSON) { try desk.search(text, wanted, limit: $0) }
        isFound = !hits.isEmpty
        write(hits, desk, context)
        if !context.isJSON { limit.tellMore(isCut, context) }
      }
      if !isFound, !context.isJSON { throw Failure(.notFound, "nothing here is about '\(text)'") }
      return isFound ? .ok : .notFound
    }
  }

  private static func write(_ hits: [SearchHit], _ desk: Desk, _ context: Context) {
    let output = context.output
    if context.isJSON {
      output.json(
        list: hits.map { hit in
          JSONText(present: [
            ("id", JSONText(hit.id.description)), ("type", JSONText(hit.id.type)),
            ("short", JSONText(desk.shortID(hit.id))), ("title", JSONText(hit.title)),
            ("state", hit.state.map { JSONText($0) }),
            ("excerpt", hit.excerpt.isEmpty ? nil : JSONText(hit.excerpt)),
            ("score", JSONText(Int((hit.score * 100).rounded()))),
            ("missing", hit.missing.isEmpty ? nil : EntityJSON.strings(hit.missing)),
            ("updated", JSONText(HybridTime(milliseconds: hit.updated).description)),
          ])
        })
      return
    }
    for hit in hits {
      let missing = hit.missing.isEmpty ? "" : "  (without \(hit.missing.joined(separator: ", ")))"
      let state = hit.state.map { "  [\(Plain.line($0))]" } ?? ""
      output.line(
        "\(hit.id.type) \(desk.shortID(hit.id))  " + output.styled(Plain.line(hit.title), .bold)
          + output.styled(state, hit.state == "draft" || hit.state == "retired" ? .yellow : .dim)
          + output.styled(missing, .dim))
      if !hit.excerpt.isEmpty { output.line("    " + Plain.line(hit.excerpt)) }
    }
  }
}

/// Shows what customers ask most.
enum TopicsCommand {
  private static let weeks = Option.value("weeks", "N", "how many weeks to count (default: 4)")
  private static let gaps = Option.flag("without-article", "only topics that no article is about")

  static let command = Command(
    "topics", "Show what customers ask most, by week, and which of it has no article",
    details: [
      "A topic is what tickets have in 'topic', and an article is about the topic that it has there. A week begins on Monday."
    ],
    options: [weeks, gaps, Limit.option],
    examples: [
      .init("The last four weeks", "askonce topics"),
      .init("What to write next", "askonce topics --weeks 12 --without-article --limit 5"),
    ]
  ) { typed in
    let limit = try Limit(typed)
    let (count, onlyGaps) = (try typed.number(weeks, in: 1...520) ?? 4, typed.has(gaps))
    return { context in
      try context.withDesk(.reading) { desk in
        var (topics, days) = try desk.topics(weeks: count)
        if onlyGaps { topics = topics.filter { $0.articles.isEmpty && !$0.topic.isEmpty } }
        let shown = topics.prefix(limit.count(isJSON: context.isJSON))
        let names = days.map { String(HybridTime(milliseconds: $0).description.prefix(10)) }
        if context.isJSON {
          context.output.json(
            list: shown.map { topic in
              JSONText(object: [
                ("topic", JSONText(topic.topic)), ("total", JSONText(topic.total)),
                ("weeks", JSONText(object: zip(names, topic.weeks).map { ($0, JSONText($1)) })),
                ("articles", EntityJSON.strings(topic.articles.map(\.description))),
              ])
            })
          return
        }
        var table = Table(
          ["topic"] + names.suffix(8).map { String($0.dropFirst(5)) } + ["total", "article"],
          numbers: Set(1...(min(names.count, 8) + 1)))
        for topic in shown {
          table.add(
            [.init(topic.topic.isEmpty ? "(none)" : topic.topic)]
              + topic.weeks.suffix(8).map { Table.Cell("\($0)") }
              + [
                .init("\(topic.total)"),
                topic.articles.isEmpty
                  ? .init("none", .yellow) : .init(topic.articles.map(desk.shortID).joined(separator: ", ")),
              ])
        }
        table.write(to: context.output)
        limit.tellRest(shown.count, of: topics.count, "topic", context)
      }
    }
  }
}
