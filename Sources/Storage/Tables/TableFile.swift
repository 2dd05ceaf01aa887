import Codec

/// Reads pieces of a table's file and checks them.
final class TableFile {
  let path: String
  let size: Int
  private let file: any DiskFile
  private let inflater = Inflater()

  init(_ file: any DiskFile, path: String) throws(DiskError) {
    self.file = file
    self.path = path
    size = try file.size()
  }

  /// Where a piece lies.
  struct Place: Hashable, Sendable {
    var offset: Int
    var length: Int
  }

  func damage(_ offset: Int, _ reason: String) -> StorageError {
    .damaged(Damage(file: path, offset: offset, reason: reason))
  }

  func bytes(_ place: Place) throws(StorageError) -> [UInt8] {
    guard place.offset >= 0, place.length >= 0, place.length <= size, place.offset <= size - place.length
    else {
      throw damage(place.offset, "a piece outside of the file")
    }
    let bytes = try onDisk { () throws(DiskError) in try file.read(at: place.offset, count: place.length) }
    guard bytes.count == place.length else { throw damage(place.offset, "the file ends too early") }
    return bytes
  }

  /// A page of numbers, which its CRC-32 stands before.
  func page<Result>(
    _ place: Place, _ read: (inout ByteCursor) throws(TableFault) -> Result
  ) throws(StorageError) -> Result {
    let bytes = try bytes(place)
    guard bytes.count >= 4, bytes.number(0) == Checksum.crc32(bytes.span.extracting(4..<bytes.count)) else {
      throw damage(place.offset, "a page's checksum does not match its bytes")
    }
    var cursor = ByteCursor(bytes, 4..<bytes.count)
    do {
      return try read(&cursor)
    } catch {
      throw damage(place.offset, error.reason)
    }
  }

  /// A piece that is compressed; zlib checks it.
  func inflated(_ place: Place, dictionary: [UInt8]?) throws(StorageError) -> [UInt8] {
    let bytes = try bytes(place)
    var text: [UInt8] = []
    do {
      _ = try inflater.inflateMember(bytes.span, limit: 4 << 20, to: &text) { _ in dictionary }
    } catch {
      throw damage(place.offset, error.description)
    }
    return text
  }
}

/// Writes a table's file from its start to its end, in large pieces.
final class TableSink {
  private let file: any DiskFile
  private var pending: [UInt8] = []
  private(set) var offset = 0

  init(_ file: any DiskFile) {
    self.file = file
  }

  func append(_ bytes: [UInt8]) throws(StorageError) {
    pending += bytes
    offset += bytes.count
    if pending.count >= 1 << 18 { try flush() }
  }

  /// Appends bytes with their CRC-32 in front.
  func append(page bytes: [UInt8]) throws(StorageError) -> TableFile.Place {
    let start = offset
    var head: [UInt8] = []
    head.append(number: Checksum.crc32(bytes))
    try append(head)
    try append(bytes)
    return TableFile.Place(offset: start, length: offset - start)
  }

  func flush() throws(StorageError) {
    let bytes = pending
    try onDisk { () throws(DiskError) in try file.append(bytes.span) }
    pending.removeAll(keepingCapacity: true)
  }
}

/// Lists of places, as a table's footer holds them.
extension [TableFile.Place] {
  func write(to output: inout [UInt8]) {
    output.append(varint: count)
    PackedNumbers.write(map { UInt64($0.offset) }, to: &output)
    PackedNumbers.write(map { UInt64($0.length) }, to: &output)
  }

  init(_ cursor: inout ByteCursor) throws(TableFault) {
    let count = try cursor.count(atMost: 1 << 28)
    let offsets = try PackedNumbers.read(count, &cursor)
    let lengths = try PackedNumbers.read(count, &cursor)
    self = zip(offsets, lengths).map {
      TableFile.Place(offset: Int(truncatingIfNeeded: $0), length: Int(truncatingIfNeeded: $1))
    }
  }
}
