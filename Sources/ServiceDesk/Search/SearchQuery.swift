import Glibc
import Storage

/// The words that somebody looks for, each with those that it may mean.
struct SearchQuery {
  /// A word of the question.
  struct Wanted {
    let word: String
    let characters: [UInt32]
    /// Whether it may be the start of a word: the last one, which is still being typed.
    let isPrefix: Bool
    /// The words that count for it, and how much of a hit each is: 1 for the word itself.
    var meanings: [String: Double]
    /// How many entities have the word itself.
    var exactCount = 0
    /// How much a hit says: the rarer, the more.
    var rarity = 0.0
  }

  var wanted: [Wanted]

  /// The most words of a question that are looked for.
  private static let maximumWords = 12
  /// The most words that one word may mean.
  private static let maximumMeanings = 48
  /// Where fewer entities than this have a word, words that are spelt alike are looked for too.
  private static let rareCount = 3

  init(_ text: String) {
    var seen: Set<String> = []
    let words = SearchText.words(text).filter { seen.insert($0).inserted }.prefix(Self.maximumWords)
    let isOpen = text.unicodeScalars.last.map { !$0.properties.isWhitespace } ?? false
    wanted = words.enumerated().map { index, word in
      Wanted(
        word: word, characters: TextLikeness.characters(word),
        isPrefix: isOpen && index == words.count - 1 && word.unicodeScalars.count > 1, meanings: [word: 1])
    }
  }

  /// Finds what each word may mean among the words of the files and of what is newer.
  ///
  /// Words with one mistake, from eight letters on two, count where hardly anybody has the word as it was typed: insertion,
  /// deletion, replacement, or two neighbours changed over. Cost: a page for each word; for a word that is not there all
  /// pages of words, which are few as people have few different ones.
  mutating func expand(_ files: [WordReader], newer: [String: Int]) throws(StorageError) {
    let total = files.reduce(1.0) { $0 + Double($1.entityCount) }
    for index in wanted.indices {
      let word = wanted[index]
      var count = newer[word.word] ?? 0
      for file in files { count += try file.find(word.word)?.count ?? 0 }
      wanted[index].exactCount = count
      wanted[index].rarity = log(1 + total / Double(max(count, 1)))
      if word.isPrefix {
        var longer: [(count: Int, word: String)] = newer.filter { $0.key.hasPrefix(word.word) }.map {
          ($1, $0)
        }
        for file in files {
          for entry in try file.words(startingWith: word.word, limit: Self.maximumMeanings) {
            longer.append((entry.count, String(decoding: entry.word, as: UTF8.self)))
          }
        }
        for other in longer.sorted(by: { ($1.count, $0.word) < ($0.count, $1.word) }).prefix(
          Self.maximumMeanings)
        where wanted[index].meanings[other.word] == nil { wanted[index].meanings[other.word] = 0.7 }
      }
    }
    try expandMistakes(files, newer)
  }

  /// Whether it is rather a number than a word: another number is never what was meant.
  private static func hasDigit(_ bytes: some Sequence<UInt8>) -> Bool {
    bytes.contains { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
  }

  private mutating func expandMistakes(_ files: [WordReader], _ newer: [String: Int]) throws(StorageError) {
    let rare = wanted.indices.filter {
      wanted[$0].exactCount < Self.rareCount && wanted[$0].characters.count >= 4
        && !Self.hasDigit(wanted[$0].word.utf8)
    }
    guard !rare.isEmpty else { return }
    let searches = rare.map { WordLikeness(wanted[$0].characters) }
    var found = rare.map { _ in [String: (distance: Int, count: Int)]() }
    func look(_ bytes: ArraySlice<UInt8>, _ count: Int) {
      if Self.hasDigit(bytes) { return }
      for (place, search) in searches.enumerated() {
        guard let distance = search.distance(to: bytes), distance > 0 else { continue }
        let word = String(decoding: bytes, as: UTF8.self)
        found[place][word, default: (distance, 0)].count += count
      }
    }
    for file in files { try file.forEachWord(look) }
    for (word, count) in newer { look(Array(word.utf8)[...], count) }
    for (place, index) in rare.enumerated() {
      let nearest = found[place].sorted {
        ($0.value.distance, $1.value.count, $0.key) < ($1.value.distance, $0.value.count, $1.key)
      }
      for (word, near) in nearest.prefix(Self.maximumMeanings) where wanted[index].meanings[word] == nil {
        wanted[index].meanings[word] = near.distance == 1 ? 0.6 : 0.35
      }
    }
  }
}

/// Compares many words with one.
struct WordLikeness {
  private let characters: [UInt32]
  private let limit: Int
  private let letters: UInt32
  private let length: Int

  init(_ characters: [UInt32]) {
    self.characters = characters
    limit = characters.count >= 8 ? 2 : 1
    letters = characters.reduce(0) { $0 | Self.letter($1) }
    length = characters.count
  }

  /// The number of mistakes between the two; nil where they are too many.
  ///
  /// A mistake changes at most two of the letters that occur in a word, which tells most words apart at once.
  func distance(to bytes: some RandomAccessCollection<UInt8>) -> Int? {
    guard bytes.count >= length - limit, bytes.count <= 4 * (length + limit) else { return nil }
    var other: UInt32 = 0
    var isASCII = true
    for byte in bytes {
      other |= Self.letter(UInt32(byte))
      if byte >= 0x80 { isASCII = false }
    }
    let word: [UInt32]
    if isASCII {
      guard bytes.count <= length + limit, (letters ^ other).nonzeroBitCount <= 2 * limit else { return nil }
      word = bytes.map(UInt32.init)
    } else {
      word = TextLikeness.characters(String(decoding: bytes, as: UTF8.self))
    }
    let distance = TextLikeness.distance(characters, word, limit: limit)
    return distance <= limit ? distance : nil
  }

  private static func letter(_ character: UInt32) -> UInt32 {
    0x61...0x7A ~= character ? 1 << (character - 0x61) : 0
  }
}
