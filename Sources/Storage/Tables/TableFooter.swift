import Causality
import Codec
import Merge

/// What stands at the end of a table's file: what it is derived from and where everything lies.
///
/// A file is `AOTABLE1`, then pages and compressed chunks, then the footer, then its offset (8 bytes), its length
/// (4), its CRC-32 (4) and `AOTABLE1` again. Rows are sorted by entity and numbered from 0 through all types. Each
/// type's rows are cut into groups of 4,096; each group has a page with its ids and a page for each column that is
/// not text. Everything is little-endian.
struct TableFooter {
  static let magic = Array("AOTABLE1".utf8)
  static let groupSize = 4096

  /// The rows of one type.
  struct TypePart {
    let type: String
    /// The number of the first row.
    let start: Int
    var count = 0
    /// For each group its page of ids and its first id.
    var ids: [TableFile.Place] = []
    var firsts: [ChangeID] = []
    var columns: [ColumnPart]

    init(type: String, start: Int, columns: [TableColumn]) {
      self.type = type
      self.start = start
      self.columns = columns.map { ColumnPart(column: $0) }
    }
  }

  struct ColumnPart {
    let column: TableColumn
    /// For each group its page of numbers or codes; none for texts.
    var pages: [TableFile.Place] = []
    /// The texts, or the words that codes stand for.
    var heap = HeapDirectory()
  }

  /// Pages of terms: the first hash of each, and how many pairs it holds.
  struct TermsPart {
    var pages: [TableFile.Place] = []
    var firsts: [UInt32] = []
    var counts: [Int] = []
  }

  let identity: TableIdentity
  var types: [TypePart] = []
  var terms = TermsPart()

  init(identity: TableIdentity) {
    self.identity = identity
  }

  var rowCount: Int { types.last.map { $0.start + $0.count } ?? 0 }

  /// The first type for which something holds that holds for all behind it too. Cost: a logarithm of their number, of which
  /// whoever makes entities decides.
  func firstType(where isBehind: (TypePart) -> Bool) -> TypePart? {
    var low = 0
    var high = types.count
    while low < high {
      let middle = (low + high) / 2
      if isBehind(types[middle]) { high = middle } else { low = middle + 1 }
    }
    return low < types.count ? types[low] : nil
  }

  func bytes() -> [UInt8] {
    var output: [UInt8] = []
    identity.write(to: &output)
    output.append(varint: types.count)
    for part in types {
      output.append(string: part.type)
      output.append(varint: part.count)
      part.ids.write(to: &output)
      PackedNumbers.write(part.firsts.map(\.replica.bits), to: &output)
      PackedNumbers.write(part.firsts.map(\.sequence), to: &output)
      output.append(varint: part.columns.count)
      for column in part.columns {
        output.append(string: column.column.name)
        output.append(column.column.kind.rawValue)
        column.pages.write(to: &output)
        column.heap.write(to: &output)
      }
    }
    terms.pages.write(to: &output)
    PackedNumbers.write(terms.firsts.map(UInt64.init), to: &output)
    PackedNumbers.write(terms.counts.map(UInt64.init), to: &output)
    return output
  }

  init(_ cursor: inout ByteCursor) throws(TableFault) {
    identity = try TableIdentity(&cursor)
    // Each type, and each column, takes a byte or more of what is left.
    for _ in 0..<(try cursor.count(atMost: cursor.rest)) {
      let type = try cursor.string()
      let count = try cursor.count(atMost: 1 << 32)
      let ids = try [TableFile.Place](&cursor)
      guard ids.count == (count + Self.groupSize - 1) / Self.groupSize else {
        throw TableFault(reason: "\(ids.count) pages of ids for \(count) rows")
      }
      let replicas = try PackedNumbers.read(ids.count, &cursor)
      let sequences = try PackedNumbers.read(ids.count, &cursor)
      var columns: [ColumnPart] = []
      for _ in 0..<(try cursor.count(atMost: cursor.rest)) {
        let name = try cursor.string()
        guard let kind = TableColumn.Kind(rawValue: try cursor.number()) else {
          throw TableFault(reason: "a column of unknown kind")
        }
        var part = ColumnPart(column: TableColumn(name, kind))
        part.pages = try [TableFile.Place](&cursor)
        part.heap = try HeapDirectory(&cursor)
        guard kind == .text ? part.heap.count == count : part.pages.count == ids.count else {
          throw TableFault(reason: "the columns of a table differ in length")
        }
        columns.append(part)
      }
      var part = TypePart(type: type, start: rowCount, columns: [])
      part.count = count
      part.ids = ids
      part.firsts = zip(replicas, sequences).map { ChangeID(ReplicaID(bits: $0), $1) }
      part.columns = columns
      types.append(part)
    }
    terms.pages = try [TableFile.Place](&cursor)
    terms.firsts = try PackedNumbers.read(terms.pages.count, &cursor).map { UInt32(truncatingIfNeeded: $0) }
    terms.counts = try PackedNumbers.read(terms.pages.count, &cursor).map { Int(truncatingIfNeeded: $0) }
  }

  /// Reads and checks the footer of a file.
  static func read(_ file: TableFile) throws(StorageError) -> TableFooter {
    try FileTrailer.footer(of: file, magic: magic) { (cursor) throws(TableFault) in try TableFooter(&cursor) }
  }

  func write(to sink: TableSink) throws(StorageError) {
    try FileTrailer.write(bytes(), magic: Self.magic, to: sink)
  }
}
