import Agent
import Causality
import Codec
import Merge
import Storage

/// Whom somebody means: what a brief starts from.
public enum Meaning: Sendable, Hashable {
  case nobody
  /// Just one customer, and the ticket or order by which it was found.
  case customer(EntityID, by: EntityID?)
  /// Several, best first, as many as were asked for.
  case several([CustomerMatch])
}

extension Desk {
  /// Whom a text means: the id or number of a customer, ticket, order or anything else that names a customer; a phone
  /// number in national or international form, an e-mail address, a handle; a name, with a typing mistake in each word.
  ///
  /// Cost: a few pages; for a name that nobody has just so, some hundred of them.
  /// - Parameter limit: how many of several are listed. Whether there are several it does not change: one of two people who have
  ///   a name in common is never told as if there were no other.
  public func meaning(of text: String, limit: Int = 10) throws(DeskError) -> Meaning {
    if let found = try named(text) { return found }
    let enough = max(limit, 2)
    var matches = try stored { () throws(StorageError) in try findCustomers(text, limit: enough) }
    if matches.isEmpty {
      matches = try stored { () throws(StorageError) in try customers(namedLike: text, limit: enough) }
    }
    guard let best = matches.first else { return .nobody }
    let isAlone = matches.count == 1 || best.reason < .name && matches[1].reason > best.reason
    return isAlone ? .customer(best.customer.id, by: nil) : .several(Array(matches.prefix(max(limit, 0))))
  }

  /// What has just this id or number.
  private func named(_ text: String) throws(DeskError) -> Meaning? {
    let id: EntityID
    do {
      id = try resolve(text)
    } catch {
      if case .storage = error { throw error }
      return nil
    }
    if id.type == Vocabulary.customer { return .customer(id, by: nil) }
    let owner = try known(id).text("customer").flatMap { EntityID($0) }
    return owner.flatMap { $0.type == Vocabulary.customer ? .customer($0, by: id) : nil }
  }

  /// Customers whose names have these words but for one letter too many, missing, wrong or swapped in each.
  ///
  /// Cost: about 50 looks into the terms for each letter of the words, and a row for each candidate.
  func customers(namedLike text: String, limit: Int) throws(StorageError) -> [CustomerMatch] {
    let words = TextFolding.words(text)
    guard !words.isEmpty, words.count <= 6 else { return [] }
    return try reading { () throws(StorageError) in
      var candidates: [EntityID: Int] = [:]
      for word in words {
        let terms = NearWords.variants(of: word).map { Term.name(word: $0) }
        let found = Set(try tables.entities(terms).joined()).filter { $0.type == Vocabulary.customer }
        for id in found { candidates[id, default: 0] += 1 }
      }
      let level = candidates.values.max() ?? 0
      var matches: [(score: Int, match: CustomerMatch)] = []
      for (id, _) in candidates.filter({ $0.value == level }).sorted(by: { $0.key < $1.key }).prefix(200) {
        guard let own = try tables.values(of: id).map({ CustomerRow(id, $0) }), !own.isErased,
          let row = try whole(own)
        else { continue }
        let has = TextFolding.words(row.name)
        let near = words.count { word in has.contains { NearWords.areNear($0, word) } }
        if near >= max(1, level) {
          let match = CustomerMatch(customer: row, reason: .name, matched: row.name)
          matches.append((near * 16 - has.count, match))
        }
      }
      matches.sort {
        $0.score == $1.score ? $0.match.customer.id < $1.match.customer.id : $0.score > $1.score
      }
      return matches.prefix(max(limit, 0)).map(\.match)
    }
  }
}

/// Words that differ by one mistake of a typist: a letter too many, missing, wrong, or two swapped (F. J. Damerau, *A
/// Technique for Computer Detection and Correction of Spelling Errors*, 1964).
enum NearWords {
  private static let alphabet = Array("abcdefghijklmnopqrstuvwxyz")
  /// Shorter words are too near to too many others.
  private static let minimum = 4

  /// The word and all words that are one mistake away, as far as Latin letters make them.
  static func variants(of word: String) -> Set<String> {
    var variants: Set<String> = [word]
    let letters = Array(word)
    guard letters.count >= minimum, letters.count <= 24 else { return variants }
    for index in 0...letters.count {
      let (head, tail) = (letters[..<index], letters[index...])
      for letter in alphabet { variants.insert(String(head + [letter] + tail)) }
      guard let first = tail.first else { continue }
      variants.insert(String(head + tail.dropFirst()))
      for letter in alphabet { variants.insert(String(head + [letter] + tail.dropFirst())) }
      if let second = tail.dropFirst().first {
        variants.insert(String(head + [second, first] + tail.dropFirst(2)))
      }
    }
    return variants
  }

  /// Whether two words are the same or one mistake apart.
  static func areNear(_ left: String, _ right: String) -> Bool {
    if left == right { return true }
    let (a, b) = (Array(left.unicodeScalars), Array(right.unicodeScalars))
    guard min(a.count, b.count) >= minimum - 1, abs(a.count - b.count) <= 1 else { return false }
    var start = 0
    while start < min(a.count, b.count), a[start] == b[start] { start += 1 }
    var end = 0
    while end < min(a.count, b.count) - start, a[a.count - 1 - end] == b[b.count - 1 - end] { end += 1 }
    let (restA, restB) = (a[start..<(a.count - end)], b[start..<(b.count - end)])
    if restA.count <= 1, restB.count <= 1 { return true }
    return restA.count == 2 && restB.count == 2 && restA.first == restB.last && restA.last == restB.first
  }
}
