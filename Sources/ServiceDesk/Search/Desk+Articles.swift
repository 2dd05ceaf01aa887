import Agent
import Causality
import Codec
import Merge
import Storage

/// An article with all that is known of it.
public struct ArticleView: EntityView {
  /// How an article was at one time.
  public struct Version: Sendable, Hashable {
    /// The change that made it.
    public let change: ChangeID
    /// Who wrote it; of news, everybody who did.
    public let by: String
    /// When it was written, by the author's clock.
    public let at: HybridTime
    /// The title; "" where there is none.
    public let title: String
    /// The text.
    public let body: String
  }

  /// Its id, the same on every replica.
  public let id: EntityID
  /// All that is known of it.
  public let state: EntityState
  /// Every version of title and body, oldest first: as it stood after each change of them.
  public let versions: [Version]

  /// The title; "" where there is none.
  public var title: String { state.text("title") ?? "" }
  /// The text.
  public var body: String { state.text("body") ?? "" }
  /// The language, two letters; nil where nobody said.
  public var language: String? { state.text("language") }
  /// The topic; nil where there is none.
  public var topic: String? { state.text("topic") }
  /// `internal` where nobody said that it is for all.
  public var audience: String { state.text("audience") ?? "internal" }
  /// Whether readers may see it.
  public var isPublished: Bool { state.isPublished }
}

extension EntityState {
  /// Of an article: whether readers may see it. One that says nothing is published.
  var isPublished: Bool { text("state") ?? "published" == "published" }
}

/// An article that changed since somebody looked, or can be read only since then.
public struct ArticleNews: Sendable, Hashable {
  /// Its id, the same on every replica.
  public let id: EntityID
  /// The title; "" where there is none.
  public let title: String
  /// Whether it is new, not only changed: there was nothing to read of it before, since it was not there or not published.
  public let isNew: Bool
  /// Who wrote it; of news, everybody who did.
  public let by: [String]
  /// When it was written, by the author's clock.
  public let at: HybridTime
}

extension Desk {
  /// Writes a new article.
  ///
  /// - Returns: the change; its `on` is the article's id.
  /// - Throws: `DeskError.secret` for a field that must not be kept.
  @discardableResult
  public func newArticle(
    title: String, body: String, language: String? = nil, audience: String? = nil, topic: String? = nil,
    tags: [String] = [], fields: [ExactString: JSONText] = [:]
  ) throws(DeskError) -> Change {
    var draft = Draft()
    draft.set = fields
    draft.set["title"] = JSONText(title)
    draft.set["body"] = JSONText(body)
    if let language { draft.set["language"] = JSONText(language) }
    if let audience { draft.set["audience"] = JSONText(audience) }
    if let topic { draft.set["topic"] = JSONText(topic) }
    if !tags.isEmpty { draft.add["tags"] = tags.map { ExactString($0) } }
    return try create(Vocabulary.article, draft)
  }

  /// An article with its versions; nil where there is none of this id, and for the id of something else. Cost: its changes.
  public func article(_ id: EntityID) throws(StorageError) -> ArticleView? {
    guard id.type == Vocabulary.article else { return nil }
    let changes = try store.changes(of: id)
    guard !changes.isEmpty else { return nil }
    let state = Fold.state(of: id, changes)
    var versions: [ArticleView.Version] = []
    var fold: [PlacedChange] = []
    for placed in changes.sorted(by: { ($0.effective, $0.change.id) < ($1.effective, $1.change.id) })
    where !state.isErased {
      fold.append(placed)
      guard Self.writesText(placed) else { continue }
      let then = Fold.state(of: id, fold)
      versions.append(
        ArticleView.Version(
          change: placed.change.id, by: placed.change.by, at: placed.effective,
          title: then.text("title") ?? "",
          body: then.text("body") ?? ""))
    }
    return ArticleView(id: id, state: state, versions: versions)
  }

  private static func writesText(_ placed: PlacedChange) -> Bool {
    writes(placed) { $0 == "title" || $0 == "body" }
  }

  /// Whether a change writes or clears a register among some.
  private static func writes(_ placed: PlacedChange, _ isWanted: (ExactString) -> Bool) -> Bool {
    var writes = false
    try? ChangeBody.operations(of: placed.change.body) { operation in
      switch operation {
      case .set(let field, _), .replaces(let field, _): if isWanted(field) { writes = true }
      default: break
      }
    }
    return writes
  }

  /// The articles, newest update first, without erased ones. Cost: each article.
  public func articles() throws(StorageError) -> [EntityState] {
    var found: [EntityState] = []
    try store.forEachState(ofType: Vocabulary.article) { state in if !state.isErased { found.append(state) } }
    return found.sorted { ($1.lastAt, $0.id) < ($0.lastAt, $1.id) }
  }

  /// The articles that others wrote, changed or published since an agent last looked, the newest first.
  ///
  /// It does not go by clocks: what a colleague wrote offline last week is new when it arrives. A draft that was here when the agent
  /// looked was not shown then, so it is news once it is published. Cost: each article's changes; of those that were published since,
  /// a fold for each time that the agent looked.
  public func articleNews(for agent: String) throws(StorageError) -> [ArticleNews] {
    let field = ExactString(Vocabulary.lookedPrefix + agent)
    let marks = try store.changes(of: Vocabulary.settingsID).filter { placed in
      var isMark = false
      try? ChangeBody.operations(of: placed.change.body) { operation in
        if case .set(field, _) = operation { isMark = true }
      }
      return isMark
    }
    var news: [ArticleNews] = []
    let walk = try store.walk(ofType: Vocabulary.article)
    while let (id, changes) = try walk.next() {
      let state = Fold.state(of: id, changes)
      guard !state.isErased, state.isPublished else { continue }
      let unseen = changes.filter { placed in
        Self.writes(placed) { ["title", "body", "state"].contains($0) } && placed.change.by != agent
          && !marks.contains { $0.knew(placed) }
      }
      guard let last = unseen.max(by: { $0.effective < $1.effective }) else { continue }
      let isNew = unseen.contains { $0.change.creates } || !Self.wasPublished(id, changes, for: agent, marks)
      news.append(
        ArticleNews(
          id: id, title: state.text("title") ?? "", isNew: isNew,
          by: Set(unseen.map(\.change.by)).sorted(), at: last.effective))
    }
    return news.sorted { ($1.at, $0.id) < ($0.at, $1.id) }
  }

  /// Whether an agent could read an article at any of the times when they looked, or wrote it.
  private static func wasPublished(
    _ id: EntityID, _ changes: [PlacedChange], for agent: String, _ marks: [PlacedChange]
  ) -> Bool {
    if changes.contains(where: { $0.change.creates && $0.change.by == agent }) { return true }
    return marks.contains { mark in
      let known = changes.filter(mark.knew)
      return !known.isEmpty && Fold.state(of: id, known).isPublished
    }
  }

  /// Says that the store's agent has looked through the articles that are here.
  @discardableResult
  public func markArticlesRead() throws(StorageError) -> Change? {
    let now = HybridTime(milliseconds: store.environment.now())
    let field = ExactString(Vocabulary.lookedPrefix + store.configuration.agent)
    var draft = Draft()
    draft.set[field] = JSONText(now.description)
    return try store.commit(Edit(.entity(Vocabulary.settingsID), draft))
  }
}
