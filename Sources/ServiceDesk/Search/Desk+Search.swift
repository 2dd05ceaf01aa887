import Agent
import Causality
import Codec
import Glibc
import Merge
import Storage

/// Something that a search found.
public struct SearchHit: Sendable, Hashable {
  /// Its id, the same on every replica.
  public internal(set) var id: EntityID
  /// What it is called: a customer's name, a ticket's subject, an article's title.
  public internal(set) var title: String
  /// A piece of the text around the first hit; "" where the title or a label is the hit.
  public internal(set) var excerpt: String
  /// Greater for what fits better; only to be compared within one search.
  public let score: Double
  /// How far it is: an article's `state` (draft, published, retired), a ticket's status, a promise's state; nil for others.
  public internal(set) var state: String?
  /// The words of the question that it does not have.
  public let missing: [String]
  /// The latest change as it counts in the merge, milliseconds since 1970.
  public internal(set) var updated: UInt64
}

/// What a search is to find.
public struct SearchFilter: Sendable, Hashable {
  /// Only these of customer, ticket, article, organisation, promise; nil for all of them.
  public var types: Set<String>?
  /// Only published articles for these readers, and of `types` only articles: `public` or `internal`; nil for any.
  public var audience: String?
  /// Only articles in this language, and of `types` only articles.
  public var language: String?

  /// A search of everything.
  public init() {}
}

extension Desk {
  /// Full-text search over customers, tickets with their timelines, articles, organisations and promises, best first.
  ///
  /// Case and accents do not matter; a word that hardly anybody has is taken for those that are spelt alike; the last one
  /// may be the start of a word. What has more of the words, and rarer ones, comes first, and a title counts more than what was
  /// said: BM25, S. Robertson and H. Zaragoza, *The Probabilistic Relevance Framework* (2009), on the fields' own lengths.
  /// Erased things, redacted entries and facts are not searched; merged customers are found once, and so is a ticket with those
  /// that were merged into it.
  ///
  /// Cost: a page or two of the index for each word, what is newer than the runs, and the changes of at most 200 candidates; of
  /// articles for some readers, or in a language, more where the best ones are for others.
  public func search(
    _ text: String, _ filter: SearchFilter = SearchFilter(), limit: Int = 20
  ) throws(StorageError) -> [SearchHit] {
    try searching { (files) throws(StorageError) in
      var query = SearchQuery(text)
      guard !query.wanted.isEmpty, limit > 0 else { return [] }
      let newer = newerWords()
      var counts: [String: Int] = [:]
      for words in newer.values { for word in words.keys { counts[word, default: 0] += 1 } }
      try query.expand(files, newer: counts)
      let ranker = SearchRanker(query)
      let types = filter.types ?? SearchText.types
      let isOfSomeArticles = filter.audience != nil || filter.language != nil
      let allowed = isOfSomeArticles ? types.intersection([Vocabulary.article]) : types
      // What the index ranks and what is looked into for the order that is shown. Which articles are for whom the index does not
      // know, so of these it tells all.
      let count = max(64, 2 * min(limit, 100))
      var scores: [EntityID: Double] = [:]
      for file in files {
        for (id, score) in try ranker.candidates(file, allowed, limit: isOfSomeArticles ? .max : count) {
          scores[id, default: 0] += score
        }
      }
      for (id, words) in newer where allowed.contains(id.type) {
        let score = ranker.score(words)
        if score > 0 { scores[id, default: 0] += score }
      }
      var ranked = scores.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map(\.key)[...]
      if !isOfSomeArticles { ranked = ranked.prefix(count) }
      var hits: [EntityID: SearchHit] = [:]
      while !ranked.isEmpty, hits.count < limit {
        let best = ranked.prefix(count)
        ranked.removeFirst(best.count)
        try store.readAhead(Array(best))
        // In the order in which they lie.
        for id in best.sorted() {
          guard let state = try store.mergedState(of: id), !state.isErased, hits[state.id] == nil,
            filter.lets(state),
            let hit = try ranker.hit(state).map({ (hit) throws(StorageError) in
              try whole(hit, state)
            })
          else { continue }
          hits[hit.id] = hits[hit.id].map { $0.joined(hit) } ?? hit
        }
      }
      return Array(
        hits.values.sorted {
          $0.score == $1.score ? ($1.updated, $0.id) < ($0.updated, $1.id) : $0.score > $1.score
        }.prefix(limit))
    }
  }

  /// A hit as it is shown: one in a ticket that was merged into another one is found there.
  private func whole(_ hit: SearchHit, _ state: EntityState) throws(StorageError) -> SearchHit {
    guard state.mergedInto != nil, let whole = try top(state.id), whole.id != state.id else { return hit }
    var hit = hit
    hit.id = whole.id
    hit.title = whole.text("subject") ?? hit.title
    hit.state = whole.text("status")
    hit.updated = whole.lastAt.milliseconds
    return hit
  }

  /// The words of what is newer than the runs. Cost: these changes.
  private func newerWords() -> [EntityID: [String: Int]] {
    let projection = SearchProjection()
    var newer: [EntityID: [String: Int]] = [:]
    for (id, changes) in store.newer where !changes.isEmpty {
      let words = projection.words(of: id, changes)
      if !words.isEmpty { newer[id] = words }
    }
    return newer
  }

  /// Runs a question against words that are in step with the store, and again after making anew what turned out to
  /// be damaged.
  private func searching<Result>(
    _ body: ([WordReader]) throws(StorageError) -> Result
  ) throws(StorageError) -> Result {
    var attempt = 0
    while true {
      attempt += 1
      do {
        let progress = onProgress
        let token = String(store.environment.random(), radix: 36)
        // One may be stored before the next one fails.
        var isNew = true
        defer { if isNew { store.didStoreDerived() } }
        isNew = try words.follow(store.runs.runs, token: token) { done, total in
          progress?(DeskProgress(done: done, total: total))
        }
        return try body(words.files)
      } catch {
        guard case .damaged(let damage) = error, WordSet.isPath(damage.file), attempt < 4 else { throw error }
        words.discard(damage.file)
      }
    }
  }
}

extension SearchHit {
  /// The better one of two hits of one thing, with words around it where either has some.
  fileprivate func joined(_ other: SearchHit) -> SearchHit {
    var (better, rest) = other.score > score ? (other, self) : (self, other)
    if better.excerpt.isEmpty { swap(&better.excerpt, &rest.excerpt) }
    return better
  }
}

extension SearchFilter {
  fileprivate func lets(_ state: EntityState) -> Bool {
    if let audience {
      // What readers may see: no drafts, and nothing that no longer holds.
      guard state.text("audience") ?? "internal" == audience, state.isPublished else { return false }
    }
    return language.map { state.text("language") == $0 } ?? true
  }
}

/// Ranks what a question may mean.
struct SearchRanker {
  private let query: SearchQuery
  /// For each word that counts, the places in the question that it counts for and how much.
  private let meanings: [String: [(place: Int, share: Double)]]

  init(_ query: SearchQuery) {
    self.query = query
    var meanings: [String: [(place: Int, share: Double)]] = [:]
    for (place, wanted) in query.wanted.enumerated() {
      for (word, share) in wanted.meanings { meanings[word, default: []].append((place, share)) }
    }
    self.meanings = meanings
  }

  /// The entities of a file that fit best by the words they were ever given. Cost: the lists of the words that count.
  func candidates(
    _ file: WordReader, _ types: Set<String>, limit: Int
  ) throws(StorageError) -> [(EntityID, Double)] {
    var sums = [Float](repeating: 0, count: file.entityCount)
    var touched: [Int] = []
    for wanted in query.wanted {
      // Of several words that one may mean the best counts.
      var best: [Int: Float] = [:]
      for (word, share) in wanted.meanings {
        guard let entry = try file.find(word) else { continue }
        try file.forEachEntity(entry) { number, weight in
          guard number < sums.count else { return }
          let score = Float(share * wanted.rarity * log2(2 + Double(weight)))
          if wanted.meanings.count == 1 {
            if sums[number] == 0 { touched.append(number) }
            sums[number] += score
          } else {
            best[number] = max(best[number] ?? 0, score)
          }
        }
      }
      for (number, score) in best {
        if sums[number] == 0 { touched.append(number) }
        sums[number] += score
      }
    }
    touched.sort { sums[$0] == sums[$1] ? $0 < $1 : sums[$0] > sums[$1] }
    var found: [(EntityID, Double)] = []
    for number in touched {
      let id = try file.entity(number)
      guard types.contains(id.type) else { continue }
      found.append((id, Double(sums[number])))
      if found.count == limit { break }
    }
    return found
  }

  /// How well newer words fit, by the same measure.
  func score(_ words: [String: Int]) -> Double {
    var sum = 0.0
    for wanted in query.wanted {
      var best = 0.0
      for (word, share) in wanted.meanings {
        if let weight = words[word] {
          best = max(best, share * wanted.rarity * log2(2 + Double(min(weight, 255))))
        }
      }
      sum += best
    }
    return sum
  }

  /// The hit that an entity is as it stands now; nil where none of the words holds any more.
  func hit(_ state: EntityState) -> SearchHit? {
    var found = [Double](repeating: 0, count: query.wanted.count)
    var isExact = [Bool](repeating: false, count: query.wanted.count)
    var excerpt = ""
    var title = ""
    for (part, text) in SearchText.texts(of: state) {
      let words = SearchText.words(text)
      if part == .title, title.isEmpty { title = text }
      var shares = [Double](repeating: 0, count: found.count)
      for word in words {
        for meaning in meanings[word] ?? [] {
          shares[meaning.place] += meaning.share
          if word == query.wanted[meaning.place].word { isExact[meaning.place] = true }
        }
      }
      guard shares.contains(where: { $0 > 0 }) else { continue }
      // k1 = 1.2, b = 0.75, for a usual length of 40 words.
      let norm = 1.2 * (0.25 + 0.75 * Double(words.count) / 40)
      for (place, share) in shares.enumerated() where share > 0 {
        found[place] += part.boost * query.wanted[place].rarity * share * 2.2 / (share + norm)
      }
      if part == .body, excerpt.isEmpty { excerpt = self.excerpt(text) }
    }
    // Where somebody here has the word as it was typed, others that begin so or are spelt alike come behind, even in a title.
    for place in found.indices where query.wanted[place].exactCount > 0 && !isExact[place] {
      found[place] *= 0.05
    }
    let matched = found.count { $0 > 0 }
    guard matched > 0 else { return nil }
    let whole = Double(matched) / Double(found.count)
    return SearchHit(
      id: state.id, title: state.text("name") ?? state.text("subject") ?? state.text("title") ?? title,
      excerpt: excerpt, score: found.reduce(0, +) * whole * whole, state: Self.progress(state),
      missing: zip(query.wanted, found).filter { $1 == 0 }.map(\.0.word), updated: state.lastAt.milliseconds)
  }

  private static func progress(_ state: EntityState) -> String? {
    switch state.id.type {
    case Vocabulary.article: state.text("state") ?? "published"
    case Vocabulary.ticket: state.text("status")
    case Vocabulary.promise: state.text("state")
    default: nil
    }
  }

  /// Some words around the first hit.
  private func excerpt(_ text: String) -> String {
    let pieces = text.split(whereSeparator: \.isWhitespace)
    let place = pieces.firstIndex { piece in
      SearchText.words(String(piece)).contains { meanings[$0] != nil }
    }
    let start = max(0, (place ?? 0) - 8)
    let end = min(pieces.count, start + 24)
    let middle = pieces[start..<end].joined(separator: " ")
    return (start > 0 ? "… " : "") + middle.prefix(240)
      + (end < pieces.count || middle.count > 240 ? " …" : "")
  }
}
