import Causality
import Merge

/// Writes a file of words from entities that come in order. Holds all words and, packed, 8 bytes for each word of each
/// entity in memory.
final class WordWriter {
  private let sink: TableSink
  private var footer: WordFooter
  private var ids: [ChangeID] = []
  private var codes: [String: UInt32] = [:]
  /// For each word its entities, the number above the weight.
  private var lists: [[UInt64]] = []
  private var count = 0

  /// - Parameter file: empty.
  init(_ file: any DiskFile, _ identity: TableIdentity) throws(StorageError) {
    footer = WordFooter(identity: identity)
    sink = TableSink(file)
    try sink.append(WordFooter.magic)
  }

  /// Adds the next entity, if it has words.
  func add(_ entity: EntityID, _ words: [String: Int]) throws(StorageError) {
    guard !words.isEmpty else { return }
    if footer.types.last?.type != entity.type {
      try closeGroup()
      footer.types.append(WordFooter.TypePart(type: entity.type, start: count))
    }
    ids.append(entity.origin)
    for (word, weight) in words {
      let entry = UInt64(count) << 8 | UInt64(min(max(weight, 1), 255))
      if let code = codes[word] {
        lists[Int(code)].append(entry)
      } else {
        codes[word] = UInt32(lists.count)
        lists.append([entry])
      }
    }
    count += 1
    if ids.count == WordFooter.groupSize { try closeGroup() }
  }

  private func closeGroup() throws(StorageError) {
    guard !ids.isEmpty else { return }
    var page: [UInt8] = []
    IDPage.write(ids, to: &page)
    let last = footer.types.count - 1
    footer.types[last].ids.append(try sink.append(page: page))
    footer.types[last].count += ids.count
    ids.removeAll(keepingCapacity: true)
  }

  /// Completes the file.
  func finish() throws(StorageError) {
    try closeGroup()
    let words = codes.keys.map { Array($0.utf8) }.sorted { $0.lexicographicallyPrecedes($1) }
    footer.wordCount = words.count
    var start = 0
    while start < words.count {
      let page = words[start..<min(start + WordFooter.pageSize, words.count)]
      var bytes: [UInt8] = []
      var entities: [UInt8] = []
      var before: [UInt8] = []
      for word in page {
        var shared = 0
        while shared < min(before.count, word.count), before[shared] == word[shared] { shared += 1 }
        let list = codes[String(decoding: word, as: UTF8.self)].map { lists[Int($0)] } ?? []
        bytes.append(varint: shared)
        bytes.append(varint: word.count - shared)
        bytes += word[shared...]
        bytes.append(varint: list.count)
        PackedNumbers.write(list.map { $0 >> 8 }, to: &entities)
        PackedNumbers.write(list.map { $0 & 0xFF }, to: &entities)
        before = word
      }
      footer.words.append(try sink.append(page: bytes))
      footer.firsts.append(String(decoding: page[start], as: UTF8.self))
      footer.entities.append(try sink.append(page: entities))
      start += WordFooter.pageSize
    }
    try footer.write(to: sink)
  }
}
