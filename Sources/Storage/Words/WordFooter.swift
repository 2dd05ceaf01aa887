import Causality
import Codec
import Merge

/// Says which words of an entity's changes are looked for in full text: the part that knows what a ticket is.
package protocol WordProjection: Sendable {
  /// Changes whenever `words(of:_:)` gives something else for the same changes.
  var version: UInt32 { get }
  /// The words that some changes of an entity write, each with a weight from 1 to 255: how much it says of it.
  func words(of entity: EntityID, _ changes: [PlacedChange]) -> [String: Int]
}

/// What stands at the end of a file of words: what it is derived from and where everything lies.
///
/// A file, `runs/1-10431.words`, is `AOWORDS1`, then pages, then the footer, then its offset (8 bytes), its length (4), its
/// CRC-32 (4) and `AOWORDS1` again. The entities of the run are numbered from 0 in their order; their ids lie in pages of
/// 4,096 for each type. The words lie sorted by their bytes in pages of 256: each as the count of first bytes that it
/// shares with the one before, the rest, and how many entities have it. Beside each such page lies one with the entities of
/// its words, and the weights. Pages are as in a table.
struct WordFooter {
  static let magic = Array("AOWORDS1".utf8)
  static let groupSize = 4096
  static let pageSize = 256

  struct TypePart {
    let type: String
    let start: Int
    var count = 0
    var ids: [TableFile.Place] = []
  }

  let identity: TableIdentity
  var types: [TypePart] = []
  /// Of each page of words its place, its first word, and the place of its entities.
  var words: [TableFile.Place] = []
  var firsts: [String] = []
  var entities: [TableFile.Place] = []
  /// How many words there are.
  var wordCount = 0

  init(identity: TableIdentity) {
    self.identity = identity
  }

  var entityCount: Int { types.last.map { $0.start + $0.count } ?? 0 }

  /// How many words a page holds.
  func count(ofPage page: Int) -> Int { min(Self.pageSize, wordCount - page * Self.pageSize) }

  private func bytes() -> [UInt8] {
    var output: [UInt8] = []
    identity.write(to: &output)
    output.append(varint: types.count)
    for part in types {
      output.append(string: part.type)
      output.append(varint: part.count)
      part.ids.write(to: &output)
    }
    output.append(varint: wordCount)
    words.write(to: &output)
    for first in firsts { output.append(string: first) }
    entities.write(to: &output)
    return output
  }

  init(_ cursor: inout ByteCursor) throws(TableFault) {
    identity = try TableIdentity(&cursor)
    for _ in 0..<(try cursor.count(atMost: 1 << 16)) {
      var part = TypePart(type: try cursor.string(), start: entityCount)
      part.count = try cursor.count(atMost: 1 << 32)
      part.ids = try [TableFile.Place](&cursor)
      guard part.ids.count == (part.count + Self.groupSize - 1) / Self.groupSize else {
        throw TableFault(reason: "\(part.ids.count) pages of ids for \(part.count) entities")
      }
      types.append(part)
    }
    wordCount = try cursor.count(atMost: 1 << 32)
    words = try [TableFile.Place](&cursor)
    guard words.count == (wordCount + Self.pageSize - 1) / Self.pageSize else {
      throw TableFault(reason: "\(words.count) pages for \(wordCount) words")
    }
    for _ in words { firsts.append(try cursor.string()) }
    entities = try [TableFile.Place](&cursor)
    guard entities.count == words.count else { throw TableFault(reason: "words without their entities") }
  }

  /// Reads and checks the footer of a file.
  static func read(_ file: TableFile) throws(StorageError) -> WordFooter {
    try FileTrailer.footer(of: file, magic: magic) { (cursor) throws(TableFault) in try WordFooter(&cursor) }
  }

  func write(to sink: TableSink) throws(StorageError) {
    try FileTrailer.write(bytes(), magic: Self.magic, to: sink)
  }
}
