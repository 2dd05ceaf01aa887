import Causality
import Merge

/// Reads one file of words. Pages are read when they are needed and checked then.
///
/// Every function throws `StorageError.damaged` with the file's path where the file is not as it was written.
package final class WordReader {
  package let identity: TableIdentity
  private let footer: WordFooter
  private let file: TableFile
  private var idGroups: [Int: [ChangeID]] = [:]

  /// A word and how many entities have it.
  package struct Entry: Hashable, Sendable {
    package let word: [UInt8]
    package let count: Int
    /// Where it stands: the page and the place in it.
    let page: Int
    let place: Int
  }

  package init(_ file: any DiskFile, path: String) throws(StorageError) {
    let file = try onDisk { () throws(DiskError) in try TableFile(file, path: path) }
    self.file = file
    footer = try WordFooter.read(file)
    identity = footer.identity
  }

  /// How many entities have words here.
  package var entityCount: Int { footer.entityCount }

  /// A word; nil where no entity has it. Cost: a page.
  package func find(_ word: String) throws(StorageError) -> Entry? {
    let bytes = Array(word.utf8)
    guard let page = page(of: bytes) else { return nil }
    return try words(page).first { $0.word == bytes }
  }

  /// The words that begin so, in order, at most `limit`. Cost: the pages that hold them.
  package func words(startingWith prefix: String, limit: Int) throws(StorageError) -> [Entry] {
    let bytes = Array(prefix.utf8)
    var found: [Entry] = []
    for page in (page(of: bytes) ?? 0)..<footer.words.count {
      for entry in try words(page) {
        if entry.word.starts(with: bytes) {
          found.append(entry)
          if found.count == limit { return found }
        } else if bytes.lexicographicallyPrecedes(entry.word) {
          return found
        }
      }
    }
    return found
  }

  /// Calls `visit` with every word and how many entities have it. Cost: all pages of words.
  package func forEachWord(_ visit: (_ word: ArraySlice<UInt8>, _ count: Int) -> Void) throws(StorageError) {
    for page in footer.words.indices { try forEachWord(page) { word, count, _ in visit(word[...], count) } }
  }

  /// Calls `visit` with the words of a page, each in the same array, and their places.
  private func forEachWord(
    _ page: Int, _ visit: (_ word: borrowing [UInt8], _ count: Int, _ place: Int) -> Void
  ) throws(StorageError) {
    try file.page(footer.words[page]) { (cursor) throws(TableFault) in
      var word: [UInt8] = []
      for place in 0..<footer.count(ofPage: page) {
        let shared = try cursor.count(atMost: word.count)
        let range = try cursor.take(cursor.count(atMost: cursor.rest))
        word.removeLast(word.count - shared)
        for index in range { word.append(cursor.bytes[index]) }
        visit(word, try cursor.count(atMost: footer.entityCount), place)
      }
    }
  }

  /// Calls `visit` with the number of each entity that has a word, and the word's weight there. Cost: a page.
  package func forEachEntity(_ entry: Entry, _ visit: (_ number: Int, _ weight: Int) -> Void)
    throws(StorageError)
  {
    let counts = try words(entry.page).map(\.count)
    try file.page(footer.entities[entry.page]) { (cursor) throws(TableFault) in
      for (place, count) in counts.enumerated() {
        guard place == entry.place else {
          try PackedNumbers.skip(count, &cursor)
          try PackedNumbers.skip(count, &cursor)
          continue
        }
        let numbers = try PackedNumbers.read(count, &cursor)
        let weights = try PackedNumbers.read(count, &cursor)
        for (number, weight) in zip(numbers, weights) {
          visit(Int(truncatingIfNeeded: number), Int(weight & 0xFF))
        }
        return
      }
    }
  }

  /// The entity of a number. Cost: a page, unless it was read.
  package func entity(_ number: Int) throws(StorageError) -> EntityID {
    guard let index = footer.types.lastIndex(where: { $0.start <= number }), number < entityCount else {
      throw file.damage(0, "a word of entity \(number), of which there is none")
    }
    let part = footer.types[index]
    let row = number - part.start
    let group = row / WordFooter.groupSize
    let key = index << 32 | group
    let ids: [ChangeID]
    if let known = idGroups[key] {
      ids = known
    } else {
      let count = min(WordFooter.groupSize, part.count - group * WordFooter.groupSize)
      ids = try file.page(part.ids[group]) { (cursor) throws(TableFault) in try IDPage.read(count, &cursor) }
      idGroups[key] = ids
    }
    guard let id = EntityID(type: part.type, origin: ids[row % WordFooter.groupSize]) else {
      throw file.damage(0, "\"\(part.type)\" is no entity type")
    }
    return id
  }

  /// The page that holds a word if any does.
  private func page(of word: [UInt8]) -> Int? {
    var low = 0
    var high = footer.firsts.count
    while low < high {
      let middle = (low + high) / 2
      if word.lexicographicallyPrecedes(footer.firsts[middle].utf8) {
        high = middle
      } else {
        low = middle + 1
      }
    }
    return low > 0 ? low - 1 : nil
  }

  private func words(_ page: Int) throws(StorageError) -> [Entry] {
    var found: [Entry] = []
    found.reserveCapacity(WordFooter.pageSize)
    try forEachWord(page) { word, count, place in
      found.append(Entry(word: copy word, count: count, page: page, place: place))
    }
    return found
  }
}
