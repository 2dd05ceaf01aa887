import Codec

/// The last bytes of a derived file, which say where its footer lies: the footer's offset (8 bytes), its length (4), its CRC-32
/// (4), and the file's magic number.
enum FileTrailer {
  private static let fixedSize = 16
  /// How much of a file's end is read at once: the footer mostly comes along.
  private static let window = 32 << 10

  /// Writes a footer and the trailer behind it, and ends the file.
  static func write(_ footer: [UInt8], magic: [UInt8], to sink: TableSink) throws(StorageError) {
    var trailer: [UInt8] = []
    trailer.append(number: UInt64(sink.offset))
    trailer.append(number: UInt32(footer.count))
    trailer.append(number: Checksum.crc32(footer))
    try sink.append(footer)
    try sink.append(trailer + magic)
    try sink.flush()
  }

  /// Reads and checks the footer of a file, as `parse` takes it.
  static func footer<Footer>(
    of file: TableFile, magic: [UInt8], _ parse: (inout ByteCursor) throws(TableFault) -> Footer
  ) throws(StorageError) -> Footer {
    let start = max(0, file.size - window)
    let tail = try file.bytes(TableFile.Place(offset: start, length: file.size - start))
    let trailer = tail.count - fixedSize - magic.count
    guard trailer >= 0, tail[(trailer + fixedSize)...].elementsEqual(magic) else {
      throw file.damage(file.size, "the file ends too early")
    }
    let offset = Int(truncatingIfNeeded: tail.number(trailer, as: UInt64.self))
    let length = Int(tail.number(trailer + 8, as: UInt32.self))
    let bytes: [UInt8]
    if offset >= start, offset <= start + trailer, length == start + trailer - offset {
      bytes = Array(tail[(offset - start)..<trailer])
    } else {
      bytes = try file.bytes(TableFile.Place(offset: offset, length: length))
    }
    guard Checksum.crc32(bytes) == tail.number(trailer + 12, as: UInt32.self) else {
      throw file.damage(offset, "the footer's checksum does not match")
    }
    var cursor = ByteCursor(bytes)
    do {
      return try parse(&cursor)
    } catch {
      throw file.damage(offset, error.reason)
    }
  }
}
