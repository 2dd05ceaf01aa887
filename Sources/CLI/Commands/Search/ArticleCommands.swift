import Agent
import Causality
import Codec
import Merge
import ServiceDesk

/// Commands for articles.
enum ArticleCommands {
  static let group = CommandGroup(
    "article", "Articles: what customers and agents can read for themselves", [new, show, set, list, news])

  private static let article = Operand("ARTICLE", "the start of its id, or its number from another system")
  private static let fields = FieldOptions(
    type: Vocabulary.article,
    fields: [
      (.value("language", "CODE", "the language it is in, such as 'sv'"), "language"),
      (
        .value(
          "audience", "WORD", "who it is for; internal unless you say so", choices: Vocabulary.audiences),
        "audience"
      ),
      (.value("topic", "TEXT", "the topic of the tickets that it answers"), "topic"),
      (
        .value(
          "state", "WORD", "how far it is; published unless you say so", choices: Vocabulary.articleStates),
        "state"
      ),
      (.value("ref", "NUMBER", "its number in another system"), "ref"),
    ], sets: [(.list("tag", "WORD", "a tag to add"), "tags")])
  private static let title = Option.value("title", "TEXT", "its title")
  private static let body = Option.value("body", "TEXT", "its text; - reads standard input")

  private static let new = Command(
    "article new", "Write a new article and print its id",
    operands: [
      Operand("TITLE", "its title"), Operand("TEXT", "its text; - reads standard input"),
      FieldOptions.operand,
    ],
    options: fields.options,
    examples: [
      .init(
        "For customers",
        "askonce article new 'Send something back' - --audience public --topic returns < returns.txt")
    ]
  ) { typed in
    let words = typed.operand(1)
    let given = try fields.draft(
      typed, assignments: typed.operands(from: 2),
      named: [("TITLE", "title", typed.operand(0)), ("TEXT", "body", words)])
    return { context in
      var made = given
      made.set["body"] = JSONText(try InputText.read(words))
      let draft = made
      return try Editing.create(context) { desk in
        try desk.record(Edit(.new(type: Vocabulary.article), draft))
      }
    }
  }

  private static let set = Command(
    "article set", "Change an article; every version of it is kept",
    operands: [article, FieldOptions.operand],
    options: [title, body] + fields.options + [FieldOptions.clear],
    examples: [.init("A new policy", "askonce article set k7f3.9 --body 'You have 60 days to send it back'")]
  ) { typed in
    let (text, words) = (typed.operand(0), typed[body])
    let named =
      [("--title", "title", typed[title]), ("--body", "body", words)] as [(String, ExactString, String?)]
    let given = try fields.draft(
      typed, assignments: typed.operands(from: 1),
      named: named.compactMap { (name, field, value) in value.map { (name, field, $0) } })
    guard !given.isEmpty else { throw Failure.usage("nothing to change; give an option or FIELD=VALUE") }
    return { context in
      var draft = given
      if let words { draft.set["body"] = JSONText(try InputText.read(words)) }
      return try Editing.edit(context, text, type: Vocabulary.article, draft)
    }
  }

  private static let versions = Option.flag("versions", "list its versions instead")

  private static let show = Command(
    "article show", "Show an article", operands: [article], options: [versions],
    examples: [
      .init("As it is", "askonce article show k7f3.9"),
      .init("Who changed it", "askonce article show k7f3.9 --versions"),
    ]
  ) { typed in
    let (text, showsVersions) = (typed.operand(0), typed.has(versions))
    return { context in
      try context.withDesk(.reading) { desk in
        let id = try context.find(text, type: Vocabulary.article, desk)
        guard let view = try desk.article(id) else { return }
        if context.isJSON {
          context.output.json(
            showsVersions
              ? JSONText(array: view.versions.map(json))
              : EntityJSON.value(
                view.state,
                [("short", JSONText(desk.shortID(id))), ("versions", JSONText(view.versions.count))]))
        } else if showsVersions {
          var table = Table(["when", "by", "words", "title"], numbers: [2])
          for version in view.versions {
            table.add([
              .init(Moment.local(version.at)), .init(version.by),
              .init("\(version.body.split(whereSeparator: \.isWhitespace).count)"), .init(version.title),
            ])
          }
          table.write(to: context.output)
        } else {
          write(view, desk, context.output)
        }
      }
    }
  }

  private static func json(_ version: ArticleView.Version) -> JSONText {
    JSONText(object: [
      ("change", JSONText(version.change.description)), ("by", JSONText(version.by)),
      ("at", JSONText(version.at.description)), ("title", JSONText(version.title)),
      ("body", JSONText(version.body)),
    ])
  }

  private static func write(_ view: ArticleView, _ desk: Desk, _ output: Output) {
    let title = "article \(desk.shortID(view.id))  \(Plain.line(view.title))"
    guard EntityText.heading(title, view.state, output) else { return }
    var sheet = Sheet()
    if view.field("title")?.isConflict == true { sheet.add("title", view.field("title")) }
    sheet.add("for", view.audience == "public" ? "everybody" : "colleagues only")
    for field in view.fields where !["title", "body", "audience"].contains(field.name) {
      sheet.add(field.name.text, field)
    }
    sheet.add("tags", view.tags.joined(separator: ", "))
    if view.field("body")?.isConflict == true {
      sheet.add("conflict", "two texts: 'article show --versions --json' has both", .yellow)
    }
    sheet.write(to: output, indent: "  ")
    output.line()
    for line in view.body.split(separator: "\n", omittingEmptySubsequences: false) {
      output.line(Plain.line(String(line)))
    }
  }

  private static let list = Command(
    "article list", "List articles, the one that was updated last first", options: [Limit.option],
    examples: [.init("All", "askonce article list")]
  ) { typed in
    let limit = try Limit(typed)
    return { context in
      try context.withDesk(.reading) { desk in
        let all = try desk.articles()
        let shown = all.prefix(limit.count(isJSON: context.isJSON))
        if context.isJSON {
          context.output.json(
            list: shown.map { EntityJSON.value($0, [("short", JSONText(desk.shortID($0.id)))]) })
          return
        }
        var table = Table(["id", "state", "for", "language", "topic", "updated", "title"])
        for article in shown {
          table.add([
            .init(desk.shortID(article.id)), .init(article.text("state") ?? "published"),
            .init(article.text("audience") ?? "internal"), .init(article.text("language") ?? ""),
            .init(article.text("topic") ?? ""), .init(Moment.local(article.lastAt)),
            .init(article.text("title") ?? ""),
          ])
        }
        table.write(to: context.output)
        limit.tellRest(shown.count, of: all.count, "article", context)
      }
    }
  }

  private static let read = Option.flag("read", "say that you have looked through them")

  private static let news = Command(
    "article news", "List articles that colleagues wrote or changed since you last looked",
    details: [
      "What a colleague wrote offline is new when it arrives, whatever its date. '--read' holds on all of your devices."
    ],
    options: [read],
    examples: [
      .init("In the morning", "askonce article news"), .init("All read", "askonce article news --read"),
    ]
  ) { typed in
    let isRead = typed.has(read)
    return { context in
      try context.withDesk(isRead ? .writing : .reading) { desk in
        let news = try desk.articleNews(for: desk.store.configuration.agent)
        if isRead, !news.isEmpty { try desk.markArticlesRead() }
        if context.isJSON {
          context.output.json(
            list: news.map { article in
              JSONText(object: [
                ("id", JSONText(article.id.description)), ("short", JSONText(desk.shortID(article.id))),
                ("title", JSONText(article.title)), ("new", JSONText(article.isNew)),
                ("by", EntityJSON.strings(article.by)), ("at", JSONText(article.at.description)),
              ])
            })
          return
        }
        var table = Table(["id", "", "when", "by", "title"])
        for article in news {
          table.add([
            .init(desk.shortID(article.id)), .init(article.isNew ? "new" : "changed"),
            .init(Moment.local(article.at)), .init(article.by.joined(separator: ", ")), .init(article.title),
          ])
        }
        table.write(to: context.output)
        if news.isEmpty { context.note("no news here") }
      }
    }
  }
}
