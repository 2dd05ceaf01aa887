/// Reads every byte of a table that a checksum covers.
package enum TableCheck {
  /// - Throws: `StorageError.damaged`; then the table is to be removed, because it can be made anew.
  package static func verify(_ disk: any Disk, _ path: String) throws(StorageError) -> Int {
    let file = try TableFile.open(disk, path, magic: TableFooter.magic)
    let footer = try TableFooter.read(file)
    for part in footer.types {
      for place in part.ids { try file.check(place) }
      for column in part.columns {
        for place in column.pages { try file.check(place) }
        let dictionary = try column.heap.dictionary.map { (place) throws(StorageError) in
          try file.inflated(place, dictionary: nil)
        }
        for place in column.heap.chunks { _ = try file.inflated(place, dictionary: dictionary) }
      }
    }
    for place in footer.terms.pages { try file.check(place) }
    return file.size
  }
}

extension TableFile {
  /// Opens a derived file, which begins with its kind's eight bytes.
  static func open(_ disk: any Disk, _ path: String, magic: [UInt8]) throws(StorageError) -> TableFile {
    let file = try onDisk { () throws(DiskError) in try TableFile(disk.open(path, .read), path: path) }
    guard try file.bytes(Place(offset: 0, length: min(file.size, magic.count))) == magic else {
      throw file.damage(0, "expected \(String(decoding: magic, as: UTF8.self))")
    }
    return file
  }

  /// Checks a page's checksum.
  func check(_ place: Place) throws(StorageError) { try page(place) { (_) throws(TableFault) in } }
}
